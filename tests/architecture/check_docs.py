#!/usr/bin/env python3
"""The documentation as a test.

Fails on a relative link in a *.md file that leads nowhere, be it to a file or
to a heading of a *.md file, on a test that a
document names and that is not in tests/, and on a file that names a path of
the machine it was written on.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*?)\s*$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# `Suite.NameOfTheTest` and `file.test.mjs: title of the test`.
CPP_NAME = re.compile(r"`([A-Z]\w+\.[A-Z]\w+)`")
NODE_NAME = re.compile(r"`(\w+\.test\.mjs): ([^`]+)`")
CPP_TEST = re.compile(r"\bTEST(?:_P|_F)?\(\s*(\w+),\s*(\w+)\s*\)")
# Documents that name tests.
NAME_TESTS = ["docs/field-notes.md", "docs/testing.md", "docs/decisions/", "docs/comparison.md",
              "docs/cookbook.md", "docs/operations.md"]
# Folders in which people and build machines work.
MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:work|home|Users)/\w")


def listed(*patterns: str):
    found = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                            *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for path in found.stdout.splitlines() if (ROOT / path).is_file()]


def lines_with(pattern: re.Pattern, text: str):
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match


def without_code(text: str) -> str:
    return CODE_BLOCK.sub(lambda block: "\n" * block.group().count("\n"), text)


def anchors(text: str) -> set:
    """The names that a forge gives to headings: lower case, no punctuation, dashes for spaces."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in HEADING.findall(without_code(text))}


def broken_links(path: str, text: str):
    for line, match in lines_with(LINK, without_code(text)):
        target, _, anchor = match.group(1).partition("#")
        if re.match(r"\w+:", target):
            continue
        file = (ROOT / path).parent.joinpath(target) if target else ROOT / path
        if not file.exists():
            yield line, f"the link to {target} leads nowhere"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8")):
            yield line, f"the link to {match.group(1)} names no heading"


def missing_tests(text: str, cpp_tests: set):
    for line, match in lines_with(CPP_NAME, text):
        if match.group(1) not in cpp_tests:
            yield line, f"there is no test {match.group(1)}"
    for line, match in lines_with(NODE_NAME, text):
        file = ROOT / "tests/e2e" / match.group(1)
        title = re.compile(r"([\"'`])" + re.escape(match.group(2)) + r"\1")
        if not file.exists() or not title.search(file.read_text(encoding="utf-8")):
            yield line, f"there is no test '{match.group(2)}' in tests/e2e/{match.group(1)}"


def machine_paths(text: str):
    for line, match in lines_with(MACHINE_PATH, text):
        yield line, f"names a path of one machine: {match.group()}…"


def main() -> int:
    cpp_tests = set()
    for path in listed("tests/*.cc"):
        text = (ROOT / path).read_text(encoding="utf-8")
        cpp_tests.update(f"{suite}.{name}" for suite, name in CPP_TEST.findall(text))

    failures = 0
    documents = listed("*.md")
    for path in listed():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        problems = list(machine_paths(text))
        if path in documents:
            problems += broken_links(path, text)
        if path in documents and path.startswith(tuple(NAME_TESTS)):
            problems += missing_tests(text, cpp_tests)
        for line, what in problems:
            print(f"{path}:{line}: {what}")
            failures += 1
    print(f"documentation: {len(documents)} documents checked against {len(cpp_tests)} tests, "
          f"{failures} problems")
    return 1 if failures or not documents or not cpp_tests else 0


if __name__ == "__main__":
    sys.exit(main())
