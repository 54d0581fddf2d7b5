// A conversation with the assistant, as a stream of server-sent events.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/assistant/figures.h"
#include "admin/assistant/model_wire.h"

namespace budget::admin {

// One answer. Events: `tool_call` {name, arguments}, `tool_result` {name,
// status, result}, `delta` {text}, `error` {message}, and at the end `done`
// {source: model | figures, model, tool_calls}. With a model configured it asks
// that one, through our own proxy, and runs what it calls; without one, or when
// it cannot be asked (no money is left, say), the built-in analysis answers.
// Lives as long as the response that it makes; belongs to its thread.
class Chat {
 public:
  // Calls of tools in one answer; then the model has to say what it has.
  static constexpr int tool_calls_most = 8;

  // `services` must outlive it. The last turn is the user's.
  Chat(Services& services, Principal principal, std::vector<Turn> turns);
  // The next event's text; nullopt after `done`.
  Awaitable<std::optional<std::string>> next();

 private:
  Awaitable<void> step();
  Awaitable<void> ask_model();
  Awaitable<void> run_call();
  void answer_by_figures();
  void say(std::string_view text);
  void end(std::string_view source);
  void emit(std::string_view event, const json::object& data);

  Services& services_;
  Principal principal_;
  std::vector<Turn> turns_;
  std::shared_ptr<const View> view_;
  std::string format_;  // of the model's provider; "" without one
  std::deque<std::string> events_;
  std::deque<ToolCall> calls_;  // to run
  bool announced_ = false;      // the first of them was told of
  int called_ = 0;
  bool by_figures_ = false;
  std::string said_;  // by figures
  bool done_ = false;
};

}  // namespace budget::admin
