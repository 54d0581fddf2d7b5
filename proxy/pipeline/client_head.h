// The head of a provider's answer as the client is to see it.
#pragma once

#include <string>

#include "proxy/net/http_parser.h"

namespace budget::pipeline {

// How a body's end is marked towards the client.
enum class Framing : std::uint8_t {
  as_received,  // the provider's bytes, chunk sizes and trailers included
  chunked,      // in chunks of ours
  until_close,  // HTTP/1.0: the connection's end
};

// The status line and the fields that pass. Made as soon as the head is read:
// its views do not last.
[[nodiscard]] std::string passed_head(const net::Head& answer, Framing framing);

// Completes it: with `own`, the x-budget-* lines, each ended by CRLF, and what
// this hop needs.
void complete_head(std::string& head, std::string_view own, bool in_chunks, bool keep_alive,
                   int client_version);

}  // namespace budget::pipeline
