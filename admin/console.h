// The console's files, as the build packed them into the binary.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "admin/api.h"

namespace budget::admin {

// One file in one encoding. Everything points into the binary.
struct ConsoleFile {
  std::string_view name;      // "index.html", "console-1A2B3C4D.js"
  std::string_view encoding;  // "identity", "gzip", "br"
  std::string_view type;      // Content-Type
  std::string_view tag;       // of the contents, without quotes
  std::string_view contents;
};

// Reads a pack: one line a file and encoding, `NAME ENCODING LENGTH TAG TYPE`,
// an empty line, then all contents one after the other. Empty for a pack that
// is empty or broken. Views into `pack`.
[[nodiscard]] std::vector<ConsoleFile> files_of_pack(std::string_view pack);

// Those of this program; empty in a build without the console. Thread-safe.
[[nodiscard]] std::span<const ConsoleFile> console_files();

// The file of that name in the smallest encoding that `request` accepts, or
// 304 to a client that has it. A name that holds a hash of its contents
// (console-1A2B3C4D.js) is kept for ever; others are asked for again. 404 when
// there is no such file.
[[nodiscard]] ApiResponse console_answer(std::span<const ConsoleFile> files, std::string_view name,
                                         const ApiRequest& request);

// Whether the client is a browser that opens a page.
[[nodiscard]] bool wants_page(const ApiRequest& request);

}  // namespace budget::admin
