#include "proxy/wire/openai_responses_output.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/wire/openai_usage.h"

namespace budget::wire {
namespace {

constexpr std::size_t items_max = 4096;

struct Member {
  std::string_view name;
  std::string json;
};

// The object `json` with the members set, each in its place or in front. The
// object was valid when it was kept.
std::string with_members(const std::string& json, const std::vector<Member>& members) {
  const auto object = parse_json(json);
  if (!object || !object->is_object()) return json;
  std::vector<std::string_view> names;
  for (const Member& member : members) names.push_back(member.name);
  std::vector<JsonValue> found(members.size());
  if (!pick(*object, names, found)) return json;
  std::vector<Edit> edits;
  bool more = object->has_members();
  for (std::size_t i = members.size(); i > 0; --i) {
    const Member& member = members[i - 1];
    if (found[i - 1].present()) {
      edits.push_back({found[i - 1].span(), member.json});
      continue;
    }
    std::string text = "\"" + std::string(member.name) + "\":" + member.json;
    if (more) text += ',';
    more = true;
    // Insertions at one place stand in the order of the list.
    edits.insert(edits.begin(), {Span{object->insert_at(), 0}, std::move(text)});
  }
  return splice(json, std::move(edits));
}

std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

void append_event(std::string& out, std::string_view type, std::int64_t& sequence,
                  std::string_view members) {
  out += "event: ";
  out += type;
  out += "\ndata: {\"type\":\"";
  out += type;
  out += "\",\"sequence_number\":";
  out += std::to_string(++sequence);
  out += ',';
  out += members;
  out += "}\n\n";
}

bool is_call(std::string_view type) {
  return type == "function_call" || type == "custom_tool_call" || type == "mcp_call";
}

}  // namespace

bool ResponsesOutput::keep(std::size_t bytes) {
  if (kept_ + bytes > kept_output_bytes_max) return false;
  kept_ += bytes;
  return true;
}

ResponsesOutput::Item* ResponsesOutput::item_at(JsonElement event) {
  const auto index = reported_count(event, "output_index");
  if (!index) return nullptr;
  // Events are nearly always about the newest item.
  const auto found = std::find_if(items_.rbegin(), items_.rend(),
                                  [&](const Item& item) { return item.index == *index; });
  return found == items_.rend() ? nullptr : &*found;
}

ResponsesOutput::Part* ResponsesOutput::part_at(Item& item, JsonElement event,
                                                std::string_view index_name,
                                                std::string_view type) {
  const std::int64_t index = reported_count(event, index_name).value_or(0);
  for (Part& part : item.parts) {
    if (part.index == index && part.type == type) return &part;
  }
  if (item.parts.size() >= items_max) return nullptr;
  return &item.parts.emplace_back(Part{index, std::string(type), {}, false});
}

void ResponsesOutput::on_item(const JsonValue& event, bool done) {
  constexpr std::array<std::string_view, 1> names = {"item"};
  std::array<JsonValue, 1> found;
  if (!pick(event, names, found) || !found[0].is_object()) return;
  const std::string_view json = found[0].text();
  Item* item = item_at(event.element());
  if (item == nullptr) {
    if (items_.size() >= items_max) return;
    item = &items_.emplace_back();
    item->index = reported_count(event.element(), "output_index").value_or(0);
  }
  if (!keep(json.size())) return;
  item->json = json;
  item->type = reported_string(found[0].element(), "type");
  item->id = reported_string(found[0].element(), "id");
  item->done = done;
}

void ResponsesOutput::on_delta(std::string_view type, JsonElement event) {
  Item* item = item_at(event);
  if (item == nullptr) return;
  const std::string_view delta = reported_string(event, "delta");
  if (delta.empty() || !keep(delta.size())) return;
  Part* part = nullptr;
  if (type == "response.output_text.delta") {
    part = part_at(*item, event, "content_index", "output_text");
  } else if (type == "response.refusal.delta") {
    part = part_at(*item, event, "content_index", "refusal");
  } else if (type == "response.reasoning_text.delta") {
    part = part_at(*item, event, "content_index", "reasoning_text");
  } else if (type == "response.reasoning_summary_text.delta") {
    part = part_at(*item, event, "summary_index", "summary_text");
  } else if (is_call(item->type)) {
    item->call += delta;
  }
  if (part != nullptr) part->text += delta;
}

void ResponsesOutput::on_done(std::string_view type, JsonElement event) {
  Item* item = item_at(event);
  if (item == nullptr) return;
  const bool summary = type == "response.reasoning_summary_part.done";
  if (!summary && type != "response.content_part.done") return;
  const std::string_view name = summary ? "summary_index" : "content_index";
  const std::int64_t index = reported_count(event, name).value_or(0);
  for (Part& part : item->parts) {
    if (part.index == index && (part.type == "summary_text") == summary) part.done = true;
  }
}

void ResponsesOutput::on_event(std::string_view type, const JsonValue& event) {
  if (const auto number = reported_count(event.element(), "sequence_number")) sequence_ = *number;
  if (type.ends_with(".delta")) {
    on_delta(type, event.element());
  } else if (type == "response.output_item.added") {
    on_item(event, false);
  } else if (type == "response.output_item.done") {
    on_item(event, true);
  } else if (type == "response.created") {
    constexpr std::array<std::string_view, 1> names = {"response"};
    std::array<JsonValue, 1> found;
    if (pick(event, names, found) && found[0].is_object() && keep(found[0].text().size())) {
      response_ = found[0].text();
    }
  } else if (type.ends_with(".done")) {
    on_done(type, event.element());
  }
}

std::string ResponsesOutput::part_json(const Part& part) {
  std::string json = "{\"type\":\"" + part.type + "\",";
  if (part.type == "output_text") json += "\"annotations\":[],\"logprobs\":[],";
  json += part.type == "refusal" ? "\"refusal\":" : "\"text\":";
  append_json_string(json, part.text);
  json += '}';
  return json;
}

std::string ResponsesOutput::parts_json(const Item& item, bool summaries) {
  std::string json = "[";
  for (const Part& part : item.parts) {
    if ((part.type == "summary_text") != summaries) continue;
    if (json.size() > 1) json += ',';
    json += part_json(part);
  }
  json += ']';
  return json;
}

std::string ResponsesOutput::item_json(const Item& item) {
  if (item.done) return item.json;
  std::vector<Member> members;
  members.push_back({"status", "\"incomplete\""});
  if (item.type == "message") members.push_back({"content", parts_json(item, false)});
  if (item.type == "reasoning") members.push_back({"summary", parts_json(item, true)});
  if (item.type == "function_call" || item.type == "mcp_call") {
    members.push_back({"arguments", json_string(item.call)});
  }
  if (item.type == "custom_tool_call") members.push_back({"input", json_string(item.call)});
  return with_members(item.json, members);
}

void ResponsesOutput::close_item(const Item& item, std::string& out, std::int64_t& sequence) {
  const std::string place = "\"item_id\":" + json_string(item.id) +
                            ",\"output_index\":" + std::to_string(item.index) + ",";
  for (const Part& part : item.parts) {
    if (part.done) continue;
    const bool summary = part.type == "summary_text";
    const std::string index =
        (summary ? "\"summary_index\":" : "\"content_index\":") + std::to_string(part.index) + ",";
    const auto here = [&place, &index](std::string_view name, std::string_view value) {
      std::string fields = place;
      return fields.append(index).append(name).append(value);
    };
    const std::string text = json_string(part.text);
    if (part.type == "output_text") {
      append_event(out, "response.output_text.done", sequence,
                   here("\"logprobs\":[],\"text\":", text));
    } else if (part.type == "refusal") {
      append_event(out, "response.refusal.done", sequence, here("\"refusal\":", text));
    } else {
      append_event(
          out, summary ? "response.reasoning_summary_text.done" : "response.reasoning_text.done",
          sequence, here("\"text\":", text));
    }
    append_event(out,
                 summary ? "response.reasoning_summary_part.done" : "response.content_part.done",
                 sequence, here("\"part\":", part_json(part)));
  }
  if (item.type == "function_call") {
    append_event(out, "response.function_call_arguments.done", sequence,
                 place + "\"arguments\":" + json_string(item.call));
  } else if (item.type == "custom_tool_call") {
    append_event(out, "response.custom_tool_call_input.done", sequence,
                 place + "\"input\":" + json_string(item.call));
  }
  append_event(out, "response.output_item.done", sequence,
               "\"output_index\":" + std::to_string(item.index) + ",\"item\":" + item_json(item));
}

std::string ResponsesOutput::ending(std::string_view model, const pricing::Usage& usage) const {
  std::string out;
  std::int64_t sequence = sequence_;
  std::string output = "[";
  for (const Item& item : items_) {
    if (!item.done) close_item(item, out, sequence);
    if (output.size() > 1) output += ',';
    output += item_json(item);
  }
  output += ']';
  std::string base = response_;
  if (base.empty()) {
    base =
        "{\"id\":\"\",\"object\":\"response\",\"created_at\":0,\"error\":null,\"instructions\":"
        "null,"
        "\"metadata\":{},\"model\":" +
        json_string(model) +
        ",\"parallel_tool_calls\":true,\"temperature\":null,\"tool_choice\":\"auto\","
        "\"tools\":[],\"top_p\":null}";
  }
  std::string figures;
  append_responses_usage(figures, usage);
  append_event(out, "response.incomplete", sequence,
               "\"response\":" +
                   with_members(base, {{"status", "\"incomplete\""},
                                       {"incomplete_details", "{\"reason\":\"max_output_tokens\"}"},
                                       {"output", std::move(output)},
                                       {"usage", std::move(figures)}}));
  return out;
}

}  // namespace budget::wire
