#include "admin/admin_key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "admin/secret.h"

namespace budget::admin {
namespace {

constexpr std::size_t key_bytes = 32;

std::unexpected<std::string> failed(std::string_view what, const std::string& file) {
  return std::unexpected("cannot " + std::string(what) + " the admin key's file '" + file +
                         "': " + std::strerror(errno));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(descriptor) == 0;
}

// Written aside and renamed, so that a crash leaves no half a key.
std::expected<std::string, std::string> make_key(const std::string& file) {
  std::string key = "ak_" + random_hex(key_bytes);
  const std::string draft = file + ".new";
  ::unlink(draft.c_str());
  const int descriptor = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("make", file);
  const bool written = write_all(descriptor, key + "\n");
  ::close(descriptor);
  if (!written || ::rename(draft.c_str(), file.c_str()) != 0) return failed("write", file);
  return key;
}

}  // namespace

std::expected<std::string, std::string> admin_key_in(const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    if (errno == ENOENT) return make_key(file);
    return failed("read", file);
  }
  std::string key;
  std::getline(in, key);
  if (key.empty()) {
    return std::unexpected("the admin key's file '" + file +
                           "' is empty; delete it to have a new key made");
  }
  if (::chmod(file.c_str(), 0600) != 0) return failed("protect", file);
  return key;
}

}  // namespace budget::admin
