// Where alerts are sent, as configured.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace budget::admin {

struct WebhookChannel {
  std::string url;     // may hold a token: never shown whole
  std::string secret;  // "": not signed
  bool slack = false;
};

struct EmailChannel {
  enum class Frequency : std::uint8_t { immediate, daily, weekly };
  std::string smtp;  // smtp:// or smtps://, may hold a password: never shown
  std::string from;
  std::vector<std::string> to;
  Frequency frequency = Frequency::immediate;
};

struct AlertChannels {
  std::vector<std::int64_t> thresholds_ppm{500'000, 800'000, 950'000, 1'000'000};
  std::vector<WebhookChannel> webhooks;
  std::optional<EmailChannel> email;
};

// Given by the composition root; thread-safe; replaced on reload. Never null.
using AlertChannelSource = std::function<std::shared_ptr<const AlertChannels>()>;

}  // namespace budget::admin
