// Tables for a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace budget::cli {

// How the output may look.
struct Look {
  std::size_t width = 0;  // columns; 0: as wide as it gets
  bool colours = false;
};

enum class Tone : std::uint8_t { plain, good, warning, bad, faint };

struct Cell {
  Cell(const std::string& cell_text, Tone cell_tone = Tone::plain);
  std::string text;
  Tone tone = Tone::plain;
};

struct Column {
  std::string_view title;
  bool right = false;    // aligned right: numbers
  bool shrinks = false;  // may be cut with "…" where there is no room
};

// Rows under titles. Where even cut columns have no room, each row becomes
// lines of "title  value". Control characters in cells are made visible: texts
// come from callers, and a terminal obeys them.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // REQUIRES: a cell for each column.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // No line is wider than look.width. Ends with a newline.
  [[nodiscard]] std::string text(const Look& look) const;

 private:
  [[nodiscard]] std::string as_blocks(const Look& look) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// `text` without what a terminal would obey.
[[nodiscard]] std::string harmless(std::string_view text);
// Code points; combining and wide characters count as one.
[[nodiscard]] std::size_t width_of(std::string_view text);
// `share` in percent as a bar of `width` columns: "██████░░░░".
[[nodiscard]] std::string bar(double percent, std::size_t width);
[[nodiscard]] std::string toned(std::string text, Tone tone, const Look& look);

}  // namespace budget::cli
