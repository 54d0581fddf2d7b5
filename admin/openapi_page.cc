// The API's description as a page to read.
#include <openssl/evp.h>

#include "admin/openapi.h"
#include "admin/secret.h"

namespace budget::admin {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; text-transform: capitalize; }
details { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 6px;
  margin: .4rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; }
details > :not(summary) { margin: .4rem .8rem; }
code, th { font: 13px/1.5 ui-monospace, monospace; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600; }
.role { float: right; opacity: .7; font-size: 13px; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; font-weight: 400; }
)";

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string base64_of(const Digest& digest) {
  std::string text(4 * ((digest.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest.data(),
                                   static_cast<int>(digest.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string row(std::string_view name, bool required, std::string_view type,
                std::string_view description) {
  std::string html = "<tr><th>" + escaped(name) + (required ? " *" : "") + "</th><td>";
  return html + escaped(type) + "</td><td>" + escaped(description) + "</td></tr>\n";
}

std::string operation_html(const Route& route) {
  std::string html = "<details><summary><code><span class=\"method\">" + escaped(route.method) +
                     "</span>" + escaped(route.path) + "</code> " + escaped(route.summary) +
                     "<span class=\"role\">" +
                     (route.role == Role::anyone ? "no key" : escaped(name_of(route.role))) +
                     "</span></summary>\n";
  const auto fields = fields_of(route);
  const auto params = path_params_of(route.path);
  if (fields.empty() && params.empty()) return html + "<p>Takes nothing.</p></details>\n";
  html += fields.empty()          ? "<p>In the path:</p>\n<table>\n"
          : route.method == "GET" ? "<p>In the path and the query:</p>\n<table>\n"
                                  : "<p>In the path and a JSON body:</p>\n<table>\n";
  for (const std::string& name : params) html += row(name, true, "string", "In the path");
  for (const NamedField& field : fields) {
    html +=
        row(field.schema->said(), field.required, field.schema->type, field.schema->description);
  }
  return html + "</table></details>\n";
}

std::string_view section_of(const Route& route) {
  if (!route.path.starts_with("/api/")) return "state";
  const std::string_view rest = route.path.substr(5);
  const std::string_view first = rest.substr(0, rest.find('/'));
  return first == "openapi.json" || first == "docs" ? "this description" : first;
}

}  // namespace

DocsPage docs_page(std::span<const Route> routes, std::string_view version) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Budget: API</title>\n"
      "<style>" +
      std::string(style) + "</style></head><body>\n<h1>Budget's API</h1>\n<p>Version " +
      escaped(version) +
      ". The key travels in <code>X-API-Key</code> or as <code>Authorization: Bearer</code>. "
      "Beside each request stands the least role that may make it; * marks what is required. "
      "For programs: <a href=\"/api/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p>\n";
  std::string_view section;
  for (const Route& route : routes) {
    if (section_of(route) != section) {
      section = section_of(route);
      html += "<h2>" + escaped(section) + "</h2>\n";
    }
    html += operation_html(route);
  }
  html += "</body></html>\n";
  return {std::move(html), "default-src 'none'; style-src 'sha256-" + base64_of(digest_of(style)) +
                               "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"};
}

}  // namespace budget::admin
