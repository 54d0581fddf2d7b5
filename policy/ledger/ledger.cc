#include "policy/ledger/ledger.h"

namespace budget::ledger {

std::string_view name_of(LedgerError error) {
  switch (error) {
    case LedgerError::unavailable:
      return "unavailable";
    case LedgerError::timeout:
      return "timeout";
    case LedgerError::unknown_hold:
      return "unknown_hold";
    case LedgerError::already_resolved:
      return "already_resolved";
    case LedgerError::duplicate_hold:
      return "duplicate_hold";
    case LedgerError::no_such_allocation:
      return "no_such_allocation";
    case LedgerError::storage_full:
      return "storage_full";
    case LedgerError::backlog_full:
      return "backlog_full";
  }
  return "";
}

Async<bool> Ledger::admit_unheld(ReserveRequest) {
  co_return true;
}

}  // namespace budget::ledger
