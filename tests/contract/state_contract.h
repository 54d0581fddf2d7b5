// What every StateStore must do. A test program names the kinds it has in
// state_kinds(), and links state_contract.cc, which holds the tests.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/state/state_store.h"

namespace budget::admin {

// A store with nothing in it, and its own end when it is destroyed.
class StateUnderTest {
 public:
  virtual ~StateUnderTest() = default;
  [[nodiscard]] virtual StateStore& store() = 0;
  // Another replica's view of the same; where there can be but one process, the
  // store itself.
  [[nodiscard]] virtual StateStore& replica() = 0;
  // The process ends and begins again. Earlier references are void.
  virtual void reopen() = 0;
  // The store's time, and how a test lets it pass.
  [[nodiscard]] virtual policy::Time now() = 0;
  virtual void pass(std::chrono::milliseconds time) = 0;
};

struct StateKind {
  std::string name;  // a word
  std::function<std::unique_ptr<StateUnderTest>()> make;
};
[[nodiscard]] std::vector<StateKind> state_kinds();

}  // namespace budget::admin
