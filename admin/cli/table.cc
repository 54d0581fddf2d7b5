#include "admin/cli/table.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace budget::cli {
namespace {

constexpr std::string_view gap = "  ";
constexpr std::size_t least_width = 6;

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// At most `width` columns of `text`.
std::string cut(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  if (width == 0) return "";
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if (continues(text[end])) continue;
    if (seen == width - 1) break;
    ++seen;
  }
  return text.substr(0, end) + "…";
}

std::size_t line_width(const std::vector<std::size_t>& widths) {
  std::size_t sum = widths.empty() ? 0 : gap.size() * (widths.size() - 1);
  for (const std::size_t width : widths) sum += width;
  return sum;
}

// Takes from the widest column that may shrink until the line fits. False:
// there is nothing left to take.
bool shrink(std::vector<std::size_t>& widths, const std::vector<Column>& columns,
            std::size_t most) {
  while (line_width(widths) > most) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (!columns[i].shrinks || widths[i] <= least_width) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) return false;
    --widths[widest];
  }
  return true;
}

std::string padded(const Cell& cell, std::size_t width, bool right, bool last, const Look& look) {
  std::string text = cut(cell.text, width);
  const std::string spaces(width - width_of(text), ' ');
  text = toned(std::move(text), cell.tone, look);
  if (right) return spaces + text;
  return last ? text : text + spaces;
}

}  // namespace

Cell::Cell(const std::string& cell_text, Tone cell_tone)
    : text(harmless(cell_text)), tone(cell_tone) {}

std::string Table::text(const Look& look) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width_of(columns_[i].title));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  if (look.width > 0 && !shrink(widths, columns_, look.width)) return as_blocks(look);
  std::string lines;
  const auto add_line = [&](const std::vector<Cell>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      lines += padded(row[i], widths[i], columns_[i].right, last, look);
      if (!last) lines += gap;
    }
    while (lines.ends_with(' ')) lines.pop_back();
    lines += '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.emplace_back(std::string(column.title), Tone::faint);
  add_line(titles);
  for (const auto& row : rows_) add_line(row);
  return lines;
}

std::string Table::as_blocks(const Look& look) const {
  std::size_t title_width = 0;
  for (const Column& column : columns_) title_width = std::max(title_width, width_of(column.title));
  const std::size_t left = title_width + gap.size();
  const std::size_t value_width = look.width > left ? look.width - left : 1;
  std::string lines;
  for (const auto& row : rows_) {
    if (!lines.empty()) lines += '\n';
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].text.empty()) continue;
      const std::string title(columns_[i].title);
      lines += toned(title, Tone::faint, look) + std::string(left - width_of(title), ' ');
      lines += toned(cut(row[i].text, value_width), row[i].tone, look) + '\n';
    }
  }
  return lines;
}

std::string harmless(std::string_view text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C1 controls are two bytes in UTF-8: 0xC2 and 0x80 to 0x9F.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() &&
                    (static_cast<unsigned char>(text[i + 1]) & 0xE0) == 0x80;
    if (byte < 0x20 || byte == 0x7F || c1) {
      safe += "?";
      i += c1 ? 1 : 0;
    } else {
      safe += text[i];
    }
  }
  return safe;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string bar(double percent, std::size_t width) {
  const double part = std::clamp(percent / 100.0, 0.0, 1.0) * static_cast<double>(width);
  // Something that is used is seen, and only what is full looks full.
  auto full = static_cast<std::size_t>(std::floor(part));
  if (percent > 0 && full == 0) full = 1;
  std::string text;
  for (std::size_t i = 0; i < width; ++i) text += i < full ? "█" : "░";
  return text;
}

std::string toned(std::string text, Tone tone, const Look& look) {
  if (!look.colours || tone == Tone::plain || text.empty()) return text;
  std::string_view code;
  switch (tone) {
    case Tone::good:
      code = "\x1b[32m";
      break;
    case Tone::warning:
      code = "\x1b[33m";
      break;
    case Tone::bad:
      code = "\x1b[31m";
      break;
    case Tone::faint:
      code = "\x1b[2m";
      break;
    case Tone::plain:
      break;
  }
  return std::string(code) + text + "\x1b[0m";
}

}  // namespace budget::cli
