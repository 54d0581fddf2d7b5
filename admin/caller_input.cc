#include "admin/caller_input.h"

namespace budget::admin {

void read_caller(Input& input, policy::Caller& caller) {
  const std::pair<std::string_view, std::string*> fields[] = {{"component", &caller.component},
                                                              {"context_id", &caller.context_id},
                                                              {"task_id", &caller.task_id},
                                                              {"task_type", &caller.task_type},
                                                              {"user", &caller.user}};
  for (const auto& [name, value] : fields) {
    std::string said = input.text(name);
    if (!said.empty()) *value = std::move(said);
  }
  Labels tags = input.labels("tags");
  if (!tags.empty()) caller.tags = std::move(tags);
  caller.priority = static_cast<int>(input.integer("priority", 1, 10).value_or(caller.priority));
}

}  // namespace budget::admin
