#include "proxy/wire/framing.h"
#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

class PlainCollector final : public Splitter {
 public:
  void feed(std::string_view bytes, EventSink&, std::string* out) override {
    if (out != nullptr) out->append(bytes);
    if (overflowed_) return;
    if (body_.size() + bytes.size() > plain_body_bytes_max) {
      overflowed_ = true;
      body_ = std::string();
      return;
    }
    body_.append(bytes);
  }
  void finish(EventSink& sink, std::string*) override {
    if (overflowed_ || body_.empty()) return;
    (void)sink.on_event({{}, body_, body_.capacity() - body_.size()});
    body_ = std::string();
  }

 private:
  std::string body_;
  bool overflowed_ = false;
};

}  // namespace

std::unique_ptr<Splitter> make_plain_collector() {
  return std::make_unique<PlainCollector>();
}

bool is_content_type(std::string_view content_type, std::string_view type) {
  std::string_view given = content_type.substr(0, content_type.find(';'));
  while (!given.empty() && (given.back() == ' ' || given.back() == '\t')) given.remove_suffix(1);
  while (!given.empty() && (given.front() == ' ' || given.front() == '\t')) given.remove_prefix(1);
  if (given.size() != type.size()) return false;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const char lower =
        static_cast<char>(given[i] >= 'A' && given[i] <= 'Z' ? given[i] + 32 : given[i]);
    if (lower != type[i]) return false;
  }
  return true;
}

}  // namespace budget::wire
