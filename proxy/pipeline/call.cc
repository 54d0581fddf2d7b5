#include "proxy/pipeline/call.h"

#include <algorithm>
#include <utility>

#include "proxy/net/read_buffer.h"
#include "proxy/pipeline/request_id.h"

namespace budget::pipeline {

Call::Call(std::shared_ptr<WorkerState> worker_state, const Request& received)
    : state(std::move(worker_state)),
      request(received),
      admitted_at(state->services.clock.now()),
      started_at(std::chrono::steady_clock::now()) {
  request_id = make_request_id(admitted_at);
  if (const Tracer* tracer = state->services.tracer) {
    trace = begin_trace(request.head, tracer->sample_ppm);
  }
}

wire::RequestView Call::view() const {
  return {.content_type = request.head.field("content-type"),
          .body = request.body,
          .readable_behind = net::ReadBuffer::padding};
}

bool Call::drains_on_abort() const {
  return std::any_of(plan.lines.begin(), plan.lines.end(), [](const policy::PlannedLine& line) {
    return line.policy->on_client_abort == policy::OnClientAbort::drain;
  });
}

bool Call::cut_with_its_hold() const {
  return std::any_of(plan.lines.begin(), plan.lines.end(), [](const policy::PlannedLine& line) {
    return line.enforcement == policy::Enforcement::room &&
           line.policy->stream_overrun == policy::StreamOverrun::cut;
  });
}

bool Call::passes_without_store() const {
  return std::all_of(plan.lines.begin(), plan.lines.end(), [](const policy::PlannedLine& line) {
    return line.enforcement == policy::Enforcement::count ||
           line.policy->on_store_failure == policy::OnStoreFailure::allow;
  });
}

}  // namespace budget::pipeline
