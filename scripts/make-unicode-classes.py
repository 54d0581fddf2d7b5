#!/usr/bin/env python3
"""Writes pricing/tokens/unicode_classes.cc from exact Unicode class ranges.

    scripts/make-unicode-classes.py CLASSES.json > pricing/tokens/unicode_classes.cc

CLASSES.json maps a general category ("Lu", "Lt", "Ll", "Lm", "Lo", "M", "N")
or "s" (White_Space) to {"ranges": [[first, last], ...]}, in Unicode 16, the
version that OpenAI's tokenizer uses. The output is committed, so this runs
only when Unicode changes.
"""

import json
import sys

BLOCK = 128
CODE_POINTS = 0x110000
# The bits of budget::pricing::SymbolClass, in pricing/tokens/unicode_classes.h.
LETTER, NUMBER, SPACE, NEWLINE, UPPER, LOWER = (1 << bit for bit in range(6))
FLAGS = {
    "Lu": LETTER | UPPER,
    "Lt": LETTER | UPPER,
    "Ll": LETTER | LOWER,
    "Lm": LETTER | UPPER | LOWER,
    "Lo": LETTER | UPPER | LOWER,
    "M": UPPER | LOWER,
    "N": NUMBER,
    "s": SPACE,
}


def rows(values, per_line):
    for start in range(0, len(values), per_line):
        yield "    " + ", ".join(str(v) for v in values[start : start + per_line]) + ",\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        classes = json.load(file)
    table = bytearray(CODE_POINTS)
    for name, flags in FLAGS.items():
        for first, last in classes[name]["ranges"]:
            for point in range(first, last + 1):
                table[point] |= flags
    for point in (0x0A, 0x0D):
        table[point] |= NEWLINE

    blocks, index = {}, []
    for start in range(0, CODE_POINTS, BLOCK):
        index.append(blocks.setdefault(bytes(table[start : start + BLOCK]), len(blocks)))
    flat = [flags for block in blocks for flags in block]

    out = sys.stdout.write
    out("// Made by scripts/make-unicode-classes.py; do not edit.\n")
    out('#include "pricing/tokens/unicode_classes.h"\n\n')
    out("namespace budget::pricing {\n\n// clang-format off\n")
    out("const std::uint16_t unicode_blocks[%d] = {\n" % len(index))
    out("".join(rows(index, 24)))
    out("};\n\n")
    out("const std::uint8_t unicode_classes[%d] = {\n" % len(flat))
    out("".join(rows(flat, 32)))
    out("};\n// clang-format on\n\n}  // namespace budget::pricing\n")


if __name__ == "__main__":
    main()
