// The embedded ledger's bounds, by name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace budget::ledger {

// How many resolved ids are remembered at least, to tell a repeated call from
// a new one without asking the database.
inline constexpr std::int64_t resolved_ids_max = 1 << 17;
// Allocations that have ended and can still be asked about.
inline constexpr std::int64_t ended_allocations_max = 10'000;
// Records trimmed in one transaction, so that trimming never stalls the rest.
inline constexpr std::int64_t trimmed_at_once_max = 1'000;
// Sets of policies whose ids the store's writer has at hand.
inline constexpr std::size_t policy_sets_known_max = 4'096;
// Journal bytes applied in one transaction.
inline constexpr std::size_t batch_bytes_max = 4u << 20;
// Groups that a summary answers with.
inline constexpr std::int64_t groups_max = 10'000;

}  // namespace budget::ledger
