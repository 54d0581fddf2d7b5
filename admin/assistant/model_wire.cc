#include "admin/assistant/model_wire.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/assistant/tools.h"

namespace budget::admin {
namespace {

constexpr std::int64_t output_tokens_most = 1024;
constexpr std::size_t calls_most = 8;
constexpr std::size_t answer_bytes_most = 4U << 20;

std::string_view text_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_array() : nullptr;
}

json::array openai_tools() {
  json::array all;
  for (const Tool& tool : tools()) {
    json::object function{{"name", tool.name}, {"description", tool.description}};
    function["parameters"] = schema_of(tool);
    all.push_back(json::object{{"type", "function"}, {"function", std::move(function)}});
  }
  return all;
}

json::array openai_messages(std::string_view instructions, const std::vector<Turn>& turns) {
  json::array messages{json::object{{"role", "system"}, {"content", instructions}}};
  for (const Turn& turn : turns) {
    json::object message{{"content", turn.text}};
    switch (turn.who) {
      case Turn::Who::user:
        message["role"] = "user";
        break;
      case Turn::Who::tool:
        message["role"] = "tool";
        message["tool_call_id"] = turn.call_id;
        break;
      case Turn::Who::assistant: {
        message["role"] = "assistant";
        json::array calls;
        for (const ToolCall& call : turn.calls) {
          calls.push_back(json::object{
              {"id", call.id},
              {"type", "function"},
              {"function",
               json::object{{"name", call.name}, {"arguments", json::serialize(call.arguments)}}}});
        }
        if (!calls.empty()) message["tool_calls"] = std::move(calls);
        break;
      }
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

json::array anthropic_messages(const std::vector<Turn>& turns) {
  json::array messages;
  for (const Turn& turn : turns) {
    json::array content;
    if (turn.who == Turn::Who::tool) {
      content.push_back(json::object{
          {"type", "tool_result"}, {"tool_use_id", turn.call_id}, {"content", turn.text}});
    } else if (!turn.text.empty()) {
      content.push_back(json::object{{"type", "text"}, {"text", turn.text}});
    }
    for (const ToolCall& call : turn.calls) {
      content.push_back(json::object{
          {"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", call.arguments}});
    }
    const std::string_view role = turn.who == Turn::Who::assistant ? "assistant" : "user";
    // Results of one turn's calls belong into one message.
    if (!messages.empty() && text_at(messages.back().get_object(), "role") == role) {
      for (json::value& part : content) {
        messages.back().get_object()["content"].get_array().push_back(std::move(part));
      }
      continue;
    }
    messages.push_back(json::object{{"role", role}, {"content", std::move(content)}});
  }
  return messages;
}

json::object arguments_of(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return !error && value.is_object() ? std::move(value.get_object()) : json::object{};
}

void read_openai(const json::object& body, ModelReply& reply) {
  const auto* choices = array_at(body, "choices");
  if (choices == nullptr || choices->empty() || !choices->front().is_object()) return;
  const auto* message = object_at(choices->front().get_object(), "message");
  if (message == nullptr) return;
  reply.text = text_at(*message, "content");
  const auto* calls = array_at(*message, "tool_calls");
  if (calls == nullptr) return;
  for (const json::value& each : *calls) {
    const auto* call = each.if_object();
    const auto* function = call != nullptr ? object_at(*call, "function") : nullptr;
    if (function == nullptr || reply.calls.size() >= calls_most) continue;
    reply.calls.push_back({std::string(text_at(*call, "id")),
                           std::string(text_at(*function, "name")),
                           arguments_of(text_at(*function, "arguments"))});
  }
}

void read_anthropic(const json::object& body, ModelReply& reply) {
  const auto* content = array_at(body, "content");
  if (content == nullptr) return;
  for (const json::value& each : *content) {
    const auto* part = each.if_object();
    if (part == nullptr) continue;
    if (text_at(*part, "type") == "text") reply.text += text_at(*part, "text");
    if (text_at(*part, "type") != "tool_use" || reply.calls.size() >= calls_most) continue;
    const auto* input = object_at(*part, "input");
    reply.calls.push_back({std::string(text_at(*part, "id")), std::string(text_at(*part, "name")),
                           input != nullptr ? *input : json::object{}});
  }
}

}  // namespace

bool assistant_speaks(std::string_view format) {
  return format == "openai" || format == "anthropic";
}

HttpRequest model_request(std::string_view format, const std::string& base, const std::string& key,
                          const std::string& model, std::string_view instructions,
                          const std::vector<Turn>& turns, bool with_tools) {
  HttpRequest request;
  request.method = "POST";
  request.timeout = std::chrono::seconds(30);
  request.answer_bytes_max = answer_bytes_most;
  // Our own listener on this machine; its certificate may be anybody's.
  request.verify = false;
  json::object body{{"model", model}, {"max_tokens", output_tokens_most}};
  if (format == "anthropic") {
    request.url = base + "/v1/messages";
    request.headers = {{"x-api-key", key}, {"anthropic-version", "2023-06-01"}};
    body["system"] = instructions;
    body["messages"] = anthropic_messages(turns);
    if (with_tools) {
      json::array all;
      for (const Tool& tool : tools()) {
        json::object one{{"name", tool.name}, {"description", tool.description}};
        one["input_schema"] = schema_of(tool);
        all.push_back(std::move(one));
      }
      body["tools"] = std::move(all);
    }
  } else {
    request.url = base + "/v1/chat/completions";
    request.headers = {{"authorization", "Bearer " + key}};
    body["messages"] = openai_messages(instructions, turns);
    if (with_tools) body["tools"] = openai_tools();
  }
  request.headers.emplace_back("content-type", "application/json");
  request.body = json::serialize(body);
  return request;
}

std::expected<ModelReply, std::string> model_reply(std::string_view format,
                                                   const HttpAnswer& answer) {
  boost::system::error_code error;
  const json::value value = json::parse(answer.body, error);
  const auto* body = error ? nullptr : value.if_object();
  if (answer.status != 200) {
    const auto* told = body != nullptr ? object_at(*body, "error") : nullptr;
    const std::string_view message = told != nullptr ? text_at(*told, "message") : "";
    if (!message.empty()) return std::unexpected(std::string(message));
    return std::unexpected("it answered with status " + std::to_string(answer.status));
  }
  if (body == nullptr) return std::unexpected("its answer is not JSON");
  ModelReply reply;
  if (format == "anthropic") {
    read_anthropic(*body, reply);
  } else {
    read_openai(*body, reply);
  }
  if (reply.text.empty() && reply.calls.empty()) return std::unexpected("its answer says nothing");
  return reply;
}

}  // namespace budget::admin
