#include "admin/alerts/message.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "admin/secret.h"

namespace budget::admin {
namespace {

constexpr std::size_t subject_bytes_max = 150;
// RFC 2045, 6.8: encoded lines have at most 76 characters.
constexpr std::size_t encoded_line = 76;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_string()) return "";
  return std::string(std::string_view(value->get_string()));
}

// Slack's own three: https://api.slack.com/reference/surfaces/formatting
std::string slack_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string base64(std::string_view text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

// A header's value: RFC 2047 where it is not plain, and never two lines.
std::string header_text(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  const bool plain =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x7f; });
  if (plain) return text;
  return "=?utf-8?B?" + base64(text) + "?=";
}

// Cut where a character begins.
std::string shortened(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes) + "...";
}

// "Tue, 24 Nov 2026 13:05:09 +0000"
std::string mail_date(policy::Time time) {
  static constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                        "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  const auto two = [](auto value) {
    const std::string text = std::to_string(value);
    return text.size() < 2 ? "0" + text : text;
  };
  return std::string(days.at(std::chrono::weekday(day).c_encoding())) + ", " +
         two(static_cast<unsigned>(date.day())) + " " +
         std::string(months.at(static_cast<unsigned>(date.month()) - 1)) + " " +
         std::to_string(static_cast<int>(date.year())) + " " + two(clock.hours().count()) + ":" +
         two(clock.minutes().count()) + ":" + two(clock.seconds().count()) + " +0000";
}

std::string paragraph_of(const json::object& alert) {
  std::string text = text_of(alert, "severity") + ": " + text_of(alert, "message") + "\r\n";
  text += "    " + text_of(alert, "type") + ", " + text_of(alert, "timestamp") + ", " +
          text_of(alert, "id") + "\r\n";
  return text;
}

}  // namespace

std::string webhook_body(const json::object& alert, bool slack) {
  if (slack) {
    return json::serialize(json::object{{"text", "*Budget " + text_of(alert, "severity") + "*: " +
                                                     slack_escaped(text_of(alert, "message"))}});
  }
  return json::serialize(json::object{{"id", text_of(alert, "id")},
                                      {"type", "budget_alert"},
                                      {"timestamp", text_of(alert, "timestamp")},
                                      {"data", alert}});
}

std::vector<std::pair<std::string, std::string>> webhook_headers(const std::string& secret,
                                                                 const std::string& body,
                                                                 std::string_view event_id,
                                                                 policy::Time now) {
  std::vector<std::pair<std::string, std::string>> headers{
      {"content-type", "application/json"}, {"x-budget-event-id", std::string(event_id)}};
  if (secret.empty()) return headers;
  const std::string time =
      std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  const std::string text = time + "." + body;
  Digest digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  headers.emplace_back("x-budget-signature", "t=" + time + ",v1=" + to_hex(digest));
  return headers;
}

std::string mail_message(const EmailChannel& channel, const std::vector<json::object>& alerts,
                         policy::Time now) {
  const json::object& first = alerts.front();
  std::string subject =
      alerts.size() == 1 ? "Budget " + text_of(first, "severity") + ": " + text_of(first, "message")
                         : "Budget: " + std::to_string(alerts.size()) + " alerts";
  std::string to;
  for (const std::string& each : channel.to) {
    if (!to.empty()) to += ", ";
    to += each;
  }
  std::string message;
  const auto header = [&message](std::string_view name, const std::string& value) {
    message += std::string(name) + ": " + value + "\r\n";
  };
  header("From", channel.from);
  header("To", to);
  header("Subject", header_text(shortened(std::move(subject), subject_bytes_max)));
  header("Date", mail_date(now));
  header("Message-ID", "<" + text_of(first, "id") + "." + std::to_string(alerts.size()) + "@" +
                           channel.from.substr(channel.from.find('@') + 1) + ">");
  header("MIME-Version", "1.0");
  header("Auto-Submitted", "auto-generated");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "base64");
  message += "\r\n";
  std::string text;
  for (const json::object& alert : alerts) {
    if (!text.empty()) text += "\r\n";
    text += paragraph_of(alert);
  }
  const std::string encoded = base64(text);
  for (std::size_t at = 0; at < encoded.size(); at += encoded_line) {
    message += encoded.substr(at, encoded_line) + "\r\n";
  }
  return message;
}

}  // namespace budget::admin
