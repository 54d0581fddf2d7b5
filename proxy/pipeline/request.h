// A client's request, whole, as the server hands it to the pipeline.
#pragma once

#include <string>
#include <string_view>

#include "proxy/net/connection.h"
#include "proxy/net/http_parser.h"

namespace budget::pipeline {

// Views point into the session's buffers and hold until the call is over.
struct Request {
  const net::Head& head;
  std::string_view path;   // as received, without query
  std::string_view query;  // without '?'
  // simdjson may read ReadBuffer::padding bytes behind it.
  std::string_view body;
  bool keep_alive = true;
  // The client may end its side and still read: HTTP/1.0 or Connection: close.
  bool may_half_close = false;
  net::Connection& client;
};

// What the session does after a call.
enum class After { keep, close };

}  // namespace budget::pipeline
