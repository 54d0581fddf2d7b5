#include "proxy/pipeline/pipeline.h"

#include <utility>

#include "proxy/pipeline/admit.h"
#include "proxy/pipeline/answer.h"
#include "proxy/pipeline/call.h"
#include "proxy/pipeline/call_series.h"
#include "proxy/pipeline/estimate.h"
#include "proxy/pipeline/forward.h"
#include "proxy/pipeline/identify.h"
#include "proxy/pipeline/relay.h"
#include "proxy/pipeline/route.h"
#include "proxy/pipeline/settler.h"
#include "proxy/wire/refusal.h"

namespace budget::pipeline {
namespace {

net::Awaitable<After> answer(Call& call, wire::Problem problem) {
  const auto sent = co_await send_problem(call, std::move(problem));
  co_return sent&& call.request.keep_alive ? After::keep : After::close;
}

net::Awaitable<After> refuse(Call& call, wire::Problem problem) {
  call.decision.verdict = policy::Verdict::deny;
  const admin::RefusedCall refused{
      .request_id = call.request_id,
      .component = call.caller.component,
      .provider = call.provider ? call.provider->config.name : std::string_view(),
      .model = call.model,
      .code = wire::code_of(problem.kind),
      .message = problem.message,
      .denial = call.decision.denial ? &*call.decision.denial : nullptr};
  call.services().metrics.refused(problem.kind);
  if (call.trace) {
    call.trace->status = wire::status_of(problem);
    call.trace->error = refused.code;
  }
  call.services().watcher.refused(refused);
  if (call.services().on_refusal) call.services().on_refusal(refused);
  return answer(call, std::move(problem));
}

// Phases 2 to 4: what can be refused without asking the ledger.
std::optional<wire::Problem> understand(Call& call) {
  if (auto refused = route_call(call)) return refused;
  if (auto refused = identify_caller(call)) return refused;
  if (call.route.billing != wire::Billing::metered) return std::nullopt;
  return estimate_call(call);
}

// The provider did not answer: the call is settled and its client told.
net::Awaitable<After> fail(Call& call, ForwardFailure failure) {
  const bool timeout = failure.problem.kind == wire::ProblemKind::upstream_timeout;
  Ending ending;
  ending.how = failure.client_gone ? Ended::client_gone
               : failure.sent      ? Ended::no_answer
                                   : Ended::not_sent;
  ending.status = failure.client_gone ? 0 : timeout ? 504 : 502;
  Metrics& metrics = call.services().metrics;
  Metrics::add(failure.client_gone ? metrics.client_aborts : metrics.upstream_errors);
  if (!failure.client_gone) {
    call.services().log.warn(LogModule::upstream, "upstream_failed",
                             {{"request_id", call.request_id},
                              {"provider", call.provider->config.name},
                              {"model", call.model},
                              {"why", failure.problem.message}});
  }
  if (call.trace) {
    call.trace->status = ending.status;
    call.trace->error = failure.client_gone ? "client_gone" : wire::code_of(failure.problem.kind);
  }
  if (call.route.billing != wire::Billing::free) {
    const ledger::UsageRecord record = final_record(call, ending);
    co_await settle_call(call, record);
  }
  if (failure.client_gone) co_return After::close;
  co_return co_await answer(call, std::move(failure.problem));
}

// Ends the call's span whichever way the call ends.
class Traced {
 public:
  explicit Traced(const Call& call) : call_(call) {}
  ~Traced() {
    if (call_.trace) end_trace(call_);
  }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

 private:
  const Call& call_;
};

}  // namespace

net::Awaitable<After> serve_call(std::shared_ptr<WorkerState> state, const Request& request) {
  Call call(std::move(state), request);
  const Traced traced(call);
  if (auto refused = understand(call)) co_return co_await refuse(call, std::move(*refused));

  if (call.route.billing == wire::Billing::metered) {
    if (call.dry_run) {
      call.trace.reset();  // nothing is called
      if (auto failed = co_await judge_dry_run(call)) {
        co_return co_await answer(call, std::move(*failed));
      }
      co_await send_dry_run(call);
      co_return request.keep_alive ? After::keep : After::close;
    }
    auto refused = co_await admit_call(call);
    if (refused) call.decision.verdict = policy::Verdict::deny;
    call.services().metrics.count(call.decision.verdict);
    if (refused) {
      series_of(call).count(static_cast<std::size_t>(policy::Verdict::deny),
                            wire::status_of(*refused));
      co_return co_await refuse(call, std::move(*refused));
    }
    ask_for_usage(call);
  }

  if (call.route.billing == wire::Billing::unmetered) {
    if (auto refused = co_await admit_unmetered(call)) {
      co_return co_await refuse(call, std::move(*refused));
    }
  }

  const struct InFlight {
    explicit InFlight(std::atomic<std::int64_t>& counter) : count(counter) { Metrics::add(count); }
    ~InFlight() { Metrics::add(count, -1); }
    std::atomic<std::int64_t>& count;
  } in_flight(call.snapshot().providers[call.provider_index].traffic->in_flight);
  auto exchange = co_await forward_call(call);
  if (!exchange) co_return co_await fail(call, std::move(exchange.error()));
  co_return co_await relay_answer(call, **exchange);
}

}  // namespace budget::pipeline
