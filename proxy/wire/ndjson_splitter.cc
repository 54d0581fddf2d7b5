#include "proxy/wire/framing.h"
#include "proxy/wire/line_splitter.h"

namespace budget::wire {
namespace {

class NdjsonSplitter final : public LineSplitter {
 public:
  NdjsonSplitter() : LineSplitter(false) {}

 private:
  LineFate on_line(std::string_view line, std::size_t readable_behind, EventSink& sink) override {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return LineFate::release;
    const Verdict verdict = sink.on_event({{}, line, readable_behind});
    return verdict == Verdict::drop ? LineFate::drop : LineFate::release;
  }
  void on_last_line(EventSink&) override {}
  void on_overflow() override {}
};

}  // namespace

std::unique_ptr<Splitter> make_ndjson_splitter() {
  return std::make_unique<NdjsonSplitter>();
}

}  // namespace budget::wire
