#!/usr/bin/env python3
"""The architecture as a test: who may include whom, and where I/O may be.

Reads every #include of the project's own code and fails on one that points
the wrong way (docs/architecture.md), on I/O in a pure folder, on a detached
coroutine, and on files that have outgrown one idea.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folder -> folders it may include, besides itself. The first match by longest
# prefix counts. A file stands for itself alone.
ALLOWED = {
    "pricing": [],
    "policy": ["pricing"],
    "policy/ledger": ["policy", "pricing"],
    "admin": ["policy", "pricing"],
    "proxy/wire": ["pricing"],
    "proxy/simulated": ["pricing", "proxy/wire/aws_frame.h"],
    "proxy/net": [],
    "proxy/upstream": ["proxy/net", "proxy/simulated"],
    "proxy/telemetry": ["admin"],
    "proxy/pipeline": ["admin", "policy", "pricing", "proxy"],
    "proxy/server": ["admin", "policy", "pricing", "proxy"],
    "proxy": ["admin", "policy", "pricing", "proxy"],
}
# Layers inside proxy: a folder must not include one that stands below it here.
PROXY_ORDER = ["proxy/net", "proxy/wire", "proxy/simulated", "proxy/upstream",
               "proxy/telemetry", "proxy/pipeline",
               "proxy/server"]
PURE = ["pricing", "policy", "proxy/wire", "proxy/simulated"]
NOT_PURE = ["policy/ledger"]
IO_HEADERS = re.compile(
    r"^(boost/asio|boost/beast|sys/socket|sys/stat|fcntl|unistd|netinet/|fstream|hiredis|sqlite3|"
    r"openssl/ssl|filesystem|thread|spdlog)")
# Why each may break a rule.
EXCEPTIONS = {
    "policy/zone.cc": "reads the system's time zone database, once per zone",
    "pricing/tokens/make_rank_image.cc": "a program of the build, not of the product",
    "pricing/tokens/unicode_classes.cc": "a generated table",
}
FILE_LINES_MAX = 450
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def folder_of(path: str) -> str:
    best = ""
    for folder in ALLOWED:
        if path.startswith(folder + "/") and len(folder) > len(best):
            best = folder
    return best


def under(path: str, folders) -> bool:
    return any(path.startswith(folder + "/") for folder in folders)


def problems_of(path: str, text: str):
    folder = folder_of(path)
    pure = under(path, PURE) and not under(path, NOT_PURE)
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield len(lines), f"has {len(lines)} lines; more than {FILE_LINES_MAX} hold two ideas"
    for number, line in enumerate(lines, 1):
        if "asio::detached" in line:
            yield number, "detached coroutines are banned: use TaskGroup::spawn"
        match = INCLUDE.match(line)
        if not match:
            continue
        own, system = match.groups()
        if system and pure and IO_HEADERS.match(system):
            yield number, f"<{system}> is I/O, and {folder} is pure"
        if not own or not folder_of(own):
            continue
        target = folder_of(own)
        if target == folder:
            continue
        if not {own, target} & set(ALLOWED[folder]) and not under(target + "/", ALLOWED[folder]):
            yield number, f"{folder} may not include {own}"
        if folder in PROXY_ORDER and target in PROXY_ORDER and \
                PROXY_ORDER.index(target) > PROXY_ORDER.index(folder):
            yield number, f"{folder} stands below {target}"


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                             "*.cc", "*.h"], cwd=ROOT, check=True, capture_output=True, text=True)
    checked = 0
    failures = 0
    for path in listed.stdout.split():
        if not folder_of(path) or path in EXCEPTIONS or not (ROOT / path).exists():
            continue
        checked += 1
        for line, what in problems_of(path, (ROOT / path).read_text(encoding="utf-8")):
            print(f"{path}:{line}: {what}")
            failures += 1
    print(f"architecture: {checked} files checked, {failures} problems")
    return 1 if failures or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
