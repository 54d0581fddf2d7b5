#include "proxy/pipeline/client_head.h"

#include "proxy/net/http_rules.h"
#include "proxy/pipeline/identify.h"

namespace budget::pipeline {

std::string passed_head(const net::Head& answer, Framing framing) {
  std::string out;
  out.reserve(1024);
  out += "HTTP/1.1 ";
  out += std::to_string(answer.status);
  out += ' ';
  out += answer.reason;
  out += "\r\n";
  for (const net::Field& field : answer.fields) {
    if (net::is_hop_by_hop(field.name) || is_own_header(field.name)) continue;
    const bool length = net::equal_ignoring_case(field.name, "content-length");
    if (length && framing != Framing::as_received) continue;
    if (!length && net::named_by_connection(answer, field.name)) continue;
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
  return out;
}

void complete_head(std::string& head, std::string_view own, bool in_chunks, bool keep_alive,
                   int client_version) {
  head += own;
  if (in_chunks) head += "transfer-encoding: chunked\r\n";
  if (!keep_alive) head += "connection: close\r\n";
  if (keep_alive && client_version < 11) head += "connection: keep-alive\r\n";
  head += "\r\n";
}

}  // namespace budget::pipeline
