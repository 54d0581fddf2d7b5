// What every key of a policy does to real calls. All cases share one proxy: each
// has a budget of its own, for calls of a component of its own.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {assertSums, chat, countersOf, nano, output, prices, question, settled} from './lib/money.mjs';
import {LoadClient} from './lib/load.mjs';
import {sleep} from './lib/provider.mjs';

const cases = [];
let proxy;

// `policies`: YAML, one flow mapping each, in which COMPONENT is the case's own.
function policyCase(sentence, policies, check) {
  cases.push({component: `c${cases.length}`, sentence, policies, check});
}

class Caller {
  constructor(component) {
    this.component = component;
    this.budget = `budget-${component}`;
  }

  async ask(more = {}, headers = {}, path = chat) {
    const answer = await proxy.post(path, question({max_tokens: 20, ...more}),
                                    {'x-budget-component': this.component, ...headers});
    answer.decision = answer.headers['x-budget-decision'];
    return answer;
  }
  async statuses(count, more, headers) {
    const statuses = [];
    for (let i = 0; i < count; i++) statuses.push((await this.ask(more, headers)).status);
    return statuses;
  }
  async dryRun(more = {}, headers = {}) {
    return JSON.parse((await this.ask(more, {'x-budget-dry-run': 'true', ...headers})).body);
  }
  // The state of one policy; `partition` picks one of several.
  async counter(policy, partition = '') {
    return (await countersOf(proxy, this.budget)).find(
      (counter) => counter.policy === policy && counter.partition === partition);
  }
  async lastRecord() {
    return (await proxy.records(`&component=${this.component}`)).at(-1);
  }
}

const json = (answer) => JSON.parse(answer.body);

// Types

policyCase('an ignore policy counts and says nothing',
  '{name: p, type: ignore, match: {component: COMPONENT}, cost_limit: 0.000000001}',
  async (caller) => {
    const answer = await caller.ask();
    assert.equal(answer.status, 200);
    assert.equal(answer.decision, 'allow');
    assert.equal(answer.headers['x-budget-warning'], undefined);
    const counter = await caller.counter('p');
    assert.equal(BigInt(counter.spent_nano), nano(answer.headers['x-budget-cost']));
    assert.equal(counter.requests, 1);
  });

policyCase('a warn policy lets a call through that is over its limit, and says so',
  '{name: p, type: warn, match: {component: COMPONENT}, cost_limit: 0.000000001}',
  async (caller) => {
    const answer = await caller.ask();
    assert.equal(answer.status, 200);
    assert.equal(answer.decision, 'warn');
    assert.match(answer.headers['x-budget-warning'], /policy 'p'/);
    assert.equal((await caller.lastRecord()).decision, 'warn');
  });

policyCase('a soft limit acts from its action threshold on, and lets high priority through',
  '{name: p, type: soft_limit, match: {component: COMPONENT}, request_limit: 4, action_threshold: 0.5, priority_bypass: 8, period: total}',
  async (caller) => {
    assert.deepEqual(await caller.statuses(3), [200, 200, 429]);
    assert.equal((await caller.ask({}, {'x-budget-priority': '7'})).status, 429);
    assert.equal((await caller.ask({}, {'x-budget-priority': '8'})).status, 200);
    assert.equal((await caller.counter('p')).requests, 3);
  });

policyCase('a soft limit may be passed by the call that reaches it',
  '{name: p, type: soft_limit, match: {component: COMPONENT}, cost_limit: 0.000010, period: total}',
  async (caller) => {
    assert.deepEqual(await caller.statuses(2, {}, output(20)), [200, 429]);
    assert.ok(BigInt((await caller.counter('p')).spent_nano) > 10_000n);
  });

// Limits

const roomFor = {
  cost_limit: ['0.000500', 'cost'],
  token_limit: ['130', 'tokens'],
  input_token_limit: ['70', 'input_tokens'],
  output_token_limit: ['50', 'output_tokens'],
};
for (const [key, [limit, unit]] of Object.entries(roomFor)) {
  policyCase(`a ${key} has room for as many calls as fit at worst`,
    `{name: p, match: {component: COMPONENT}, period: total, ${key}: ${limit}}`,
    async (caller) => {
      let refused;
      let passed = 0;
      for (; !refused; passed++) {
        const answer = await caller.ask({}, output(20));
        if (answer.status !== 200) refused = answer;
        assert.ok(passed < 20, 'no end');
      }
      assert.ok(passed > 1, 'nothing went through');
      assert.equal(refused.status, 429);
      assert.equal(refused.decision, 'deny');
      const {error} = json(refused);
      assert.equal(error.type, 'insufficient_quota');
      assert.equal(error.code, 'budget_exceeded');
      assert.equal(error.budget.policy, 'p');
      assert.equal(error.budget.unit, unit);
      assert.equal(error.budget.resets_at, null);
      assert.equal(refused.headers['x-should-retry'], 'false');
      assert.match(error.message, /policy 'p'.*does not reset/);
      // What is spent, held and asked for is what does not fit.
      const figure = (text) => (unit === 'cost' ? Number(nano(text)) : Number(text));
      const {spent, reserved, requested, limit: whole} = error.budget;
      assert.ok(figure(spent) + figure(reserved) <= figure(whole));
      assert.ok(figure(spent) + figure(reserved) + figure(requested) > figure(whole));
    });
}

policyCase('a request limit counts calls, those in flight included',
  '{name: p, match: {component: COMPONENT}, request_limit: 2, period: daily}',
  async (caller) => {
    const slow = caller.ask({}, {'x-simulate-latency-ms': '300'});
    await sleep(100);
    assert.deepEqual(await caller.statuses(2), [200, 429]);
    assert.equal((await slow).status, 200);
    const refused = await caller.ask();
    const seconds = Number(refused.headers['retry-after']);
    assert.ok(seconds > 0 && seconds <= 86_400, `retry-after ${seconds}`);
    assert.equal(new Date(json(refused).error.budget.resets_at).getUTCHours(), 0);
  });

policyCase('a concurrent limit refuses what is one too many, and only while it is',
  '{name: p, match: {component: COMPONENT}, concurrent_limit: 2}',
  async (caller) => {
    const slow = [1, 2].map(() => caller.ask({}, {'x-simulate-latency-ms': '400'}));
    await sleep(150);
    const refused = await caller.ask();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['retry-after'], '1');
    assert.equal((await caller.counter('p')).in_flight, 2);
    for (const answer of await Promise.all(slow)) assert.equal(answer.status, 200);
    assert.equal((await caller.ask()).status, 200);
  });

// Periods

policyCase('a rolling window frees what has left it',
  '{name: p, match: {component: COMPONENT}, request_limit: 2, period: {rolling: 2s}}',
  async (caller) => {
    assert.deepEqual(await caller.statuses(3), [200, 200, 429]);
    await sleep(2200);
    assert.deepEqual(await caller.statuses(3), [200, 200, 429]);
  });

policyCase('a minute ends on the clock, and its refusals say when',
  '{name: p, match: {component: COMPONENT}, request_limit: 1, period: minute}',
  async (caller) => {
    // Both calls must fall into one minute.
    const left = 60_000 - (Date.now() % 60_000);
    if (left < 2_000) await sleep(left + 50);
    assert.equal((await caller.ask()).status, 200);
    const refused = await caller.ask();
    assert.equal(refused.status, 429);
    const seconds = Number(refused.headers['retry-after']);
    const expected = 60 - (Date.now() % 60_000) / 1000;
    assert.ok(Math.abs(seconds - expected) <= 2, `${seconds} for ${expected}`);
    assert.equal(refused.headers['x-should-retry'], undefined);
  });

policyCase('per_session counts each context for itself, and calls without one not at all',
  '{name: p, match: {component: COMPONENT}, request_limit: 1, period: per_session}',
  async (caller) => {
    assert.deepEqual(await caller.statuses(2, {}, {'x-budget-context': 'one'}), [200, 429]);
    assert.deepEqual(await caller.statuses(2, {}, {'x-budget-context': 'two'}), [200, 429]);
    assert.deepEqual(await caller.statuses(2), [200, 200]);
  });

policyCase('per_task counts each task of each context for itself',
  '{name: p, match: {component: COMPONENT}, request_limit: 1, period: per_task}',
  async (caller) => {
    const labels = (context, task) => ({'x-budget-context': context, 'x-budget-task': task});
    assert.deepEqual(await caller.statuses(2, {}, labels('one', 'a')), [200, 429]);
    assert.deepEqual(await caller.statuses(2, {}, labels('one', 'b')), [200, 429]);
    assert.deepEqual(await caller.statuses(2, {}, labels('two', 'a')), [200, 429]);
    assert.deepEqual(await caller.statuses(2, {}, {'x-budget-context': 'one'}), [200, 200]);
  });

// What a policy is about. Each is a limit of no calls, so what matches is refused.

const matches = [
  ['provider', 'provider: second', [{}, {}, '/second/v1/chat/completions'], [{}, {}]],
  ['model', 'model: "gpt-4o-m*"', [{model: 'gpt-4o-mini'}], [{model: 'gpt-4o'}]],
  ['tier', 'tier: small', [{model: 'gpt-4o-mini'}], [{model: 'gpt-4o'}]],
  ['task type', 'task_type: coding', [{}, {'x-budget-task-type': 'coding'}], [{}, {'x-budget-task-type': 'prose'}]],
  ['user', 'user: "a*"', [{}, {'x-budget-user': 'ann'}], [{}, {'x-budget-user': 'bob'}]],
  ['user field', 'user: ann', [{user: 'ann'}], [{user: 'bob'}]],
  ['tag', 'tags: {team: [red, blue]}', [{}, {'x-budget-tags': 'x=y,team=blue'}], [{}, {'x-budget-tags': 'team=green'}]],
  ['operation', 'operation: embeddings', [{input: 'sea'}, {}, '/simulated/v1/embeddings'], [{}, {}]],
];
for (const [name, field, matching, other] of matches) {
  policyCase(`a policy that matches a ${name} is about no other calls`,
    `{name: p, match: {component: COMPONENT, ${field}}, request_limit: 0}`,
    async (caller) => {
      assert.equal((await caller.ask(...matching)).status, 429);
      assert.equal((await caller.ask(...other)).status, 200);
    });
}

policyCase('a path that carries labels says who is calling',
  '{name: p, match: {component: COMPONENT, task_type: coding}, request_limit: 0}',
  async (caller) => {
    const as = (labels) => proxy.post(`/@${labels}${chat}`, question({max_tokens: 5}));
    assert.equal((await as(`${caller.component};task_type=coding`)).status, 429);
    assert.equal((await as(`${caller.component};task_type=prose`)).status, 200);
  });

const partitions = [
  ['user', {'x-budget-user': 'ann'}, {'x-budget-user': 'bob'}],
  ['task_type', {'x-budget-task-type': 'a'}, {'x-budget-task-type': 'b'}],
  ['context', {'x-budget-context': 'a'}, {'x-budget-context': 'b'}],
  ['task', {'x-budget-task': 'a'}, {'x-budget-task': 'b'}],
  ['tag:team', {'x-budget-tags': 'team=a'}, {'x-budget-tags': 'team=b'}],
];
for (const [field, one, two] of partitions) {
  policyCase(`a policy per ${field} counts each apart`,
    `{name: p, match: {component: COMPONENT}, per: ["${field}"], request_limit: 1, period: total}`,
    async (caller) => {
      assert.deepEqual(await caller.statuses(2, {}, one), [200, 429]);
      assert.deepEqual(await caller.statuses(2, {}, two), [200, 429]);
      assert.deepEqual(await caller.statuses(2), [200, 429]);
      assert.equal((await countersOf(proxy, caller.budget)).length, 3);
    });
}

for (const [field, models] of [['model', ['gpt-4o', 'gpt-4.1']], ['tier', ['gpt-4o', 'gpt-4o-mini']]]) {
  policyCase(`a policy per ${field} counts each apart`,
    `{name: p, match: {component: COMPONENT}, per: [${field}], request_limit: 1, period: total}`,
    async (caller) => {
      for (const model of models) assert.deepEqual(await caller.statuses(2, {model}), [200, 429]);
    });
}

policyCase('a policy per component and user counts each pair apart',
  '{name: p, match: {component: "COMPONENT*"}, per: [component, user], request_limit: 1, period: total}',
  async (caller) => {
    for (const component of [caller.component, `${caller.component}-b`]) {
      for (const user of ['ann', 'bob']) {
        const labels = {'x-budget-component': component, 'x-budget-user': user};
        assert.deepEqual(await caller.statuses(2, {}, labels), [200, 429]);
      }
    }
  });

// Warnings

policyCase('a warning comes from the warning threshold on',
  '{name: p, match: {component: COMPONENT}, request_limit: 4, warning_threshold: 0.5, period: total}',
  async (caller) => {
    const warned = [];
    for (let i = 0; i < 4; i++) warned.push(Boolean((await caller.ask()).headers['x-budget-warning']));
    assert.deepEqual(warned, [false, true, true, true]);
  });

policyCase('what remains is told of the tightest policy',
  `{name: wide, match: {component: COMPONENT}, request_limit: 100, period: total}
   {name: tight, match: {component: COMPONENT}, request_limit: 5, period: total}`,
  async (caller) => {
    assert.equal((await caller.ask()).headers['x-budget-remaining'], 'tight=4requests');
    assert.equal((await caller.ask()).headers['x-budget-remaining'], 'tight=3requests');
  });

// When it does not fit

policyCase('clamp lowers a stated ceiling to what the budget holds',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 100, period: total, when_exceeded: [clamp], clamp_min_tokens: 10}',
  async (caller) => {
    const answer = await caller.ask({max_tokens: 1000}, output(500));
    assert.equal(answer.status, 200);
    assert.equal(answer.decision, 'clamp');
    assert.equal(json(answer).usage.completion_tokens, 100);
    assert.equal(json(answer).choices[0].finish_reason, 'length');
    assert.equal((await caller.ask()).status, 429);
    assert.equal((await caller.lastRecord()).decision, 'clamp');
  });

policyCase('clamp shares what is left among the choices asked for',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 100, period: total, when_exceeded: [clamp], clamp_min_tokens: 10}',
  async (caller) => {
    const answer = await caller.ask({max_tokens: 1000, n: 3}, output(500));
    assert.equal(answer.decision, 'clamp');
    assert.equal(json(answer).usage.completion_tokens, 99);
  });

policyCase('a clamp below clamp_min_tokens is a refusal',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 100, period: total, when_exceeded: [clamp], clamp_min_tokens: 101}',
  async (caller) => assert.equal((await caller.ask({max_tokens: 1000})).status, 429));

policyCase('a stated ceiling is not lowered where the policy does not say clamp',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 300, period: total}',
  async (caller) => assert.equal((await caller.ask({max_tokens: 301})).status, 429));

policyCase('an absurd ceiling holds no more than the model can say',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 25000, period: total}',
  async (caller) => {
    // gpt-4o's own maximum is 16,384 tokens.
    const answer = await caller.ask({max_tokens: 999_999_999}, output(5));
    assert.equal(answer.status, 200);
    assert.equal(answer.decision, 'allow');
    assert.equal(json(answer).usage.completion_tokens, 5);
  });

policyCase('a call without a ceiling is given the one that fits',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 300, period: total}',
  async (caller) => {
    const answer = await caller.ask({max_tokens: undefined}, output(500));
    assert.equal(answer.status, 200);
    assert.equal(json(answer).usage.completion_tokens, 300);
    assert.equal((await caller.ask({max_tokens: undefined})).status, 429);
  });

policyCase('the ceiling given is at least clamp_min_tokens',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 300, period: total, clamp_min_tokens: 301}',
  async (caller) => assert.equal((await caller.ask({max_tokens: undefined})).status, 429));

policyCase('a soft limit that clamps is held to its full limit',
  '{name: p, type: soft_limit, match: {component: COMPONENT}, output_token_limit: 100, action_threshold: 0.2, period: total, when_exceeded: [clamp], clamp_min_tokens: 1}',
  async (caller) => {
    assert.equal((await caller.ask({}, output(20))).decision, 'allow');
    const clamped = await caller.ask({max_tokens: 1000}, output(500));
    assert.equal(clamped.decision, 'clamp');
    assert.equal(json(clamped).usage.completion_tokens, 80);
  });

policyCase('downgrade sends the first cheaper model that fits',
  '{name: p, match: {component: COMPONENT}, cost_limit: 0.000300, period: total, when_exceeded: [downgrade: [nothing-known, "second/gpt-4o-mini", gpt-4o-mini]]}',
  async (caller) => {
    const answer = await caller.ask({max_tokens: 100}, output(100));
    assert.equal(answer.status, 200);
    assert.equal(answer.decision, 'downgrade');
    assert.notEqual(answer.headers['x-budget-model'], 'gpt-4o');
    assert.equal(json(answer).model, answer.headers['x-budget-model']);
    const record = await caller.lastRecord();
    assert.equal(record.requested_model, 'gpt-4o');
    assert.equal(record.model, answer.headers['x-budget-model']);
  });

policyCase('queue waits for calls in flight',
  '{name: p, match: {component: COMPONENT}, concurrent_limit: 1, when_exceeded: [queue: 5s]}',
  async (caller) => {
    const slow = caller.ask({}, {'x-simulate-latency-ms': '400'});
    await sleep(100);
    const queued = await caller.ask();
    assert.equal(queued.status, 200);
    assert.equal(queued.decision, 'queue');
    assert.equal((await slow).status, 200);
  });

policyCase('queue waits for the next period',
  '{name: p, match: {component: COMPONENT}, request_limit: 1, period: {rolling: 1s}, when_exceeded: [queue: 5s]}',
  async (caller) => {
    assert.equal((await caller.ask()).status, 200);
    const queued = await caller.ask();
    assert.equal(queued.status, 200);
    assert.equal(queued.decision, 'queue');
  });

policyCase('queue gives up after its time',
  '{name: p, match: {component: COMPONENT}, request_limit: 1, period: total, when_exceeded: [queue: 300ms]}',
  async (caller) => {
    assert.equal((await caller.ask()).status, 200);
    const began = Date.now();
    assert.equal((await caller.ask()).status, 429);
    assert.ok(Date.now() - began >= 280);
  });

policyCase('nothing queues for room that can never be',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 5, period: total, when_exceeded: [queue: 10s]}',
  async (caller) => {
    const began = Date.now();
    assert.equal((await caller.ask()).status, 429);
    assert.ok(Date.now() - began < 5_000);
  });

policyCase('a client that hangs up while it queues is not called for',
  '{name: p, match: {component: COMPONENT}, concurrent_limit: 1, when_exceeded: [queue: 10s]}',
  async (caller) => {
    const slow = caller.ask({}, {'x-simulate-latency-ms': '600'});
    await sleep(100);
    const client = new LoadClient(proxy.url);
    const call = client.call({path: chat, headers: {'x-budget-component': caller.component},
                              body: question({max_tokens: 20})});
    await sleep(200);
    client.close();
    await call;
    await slow;
    await sleep(200);
    assert.equal((await settled(proxy, caller.budget))[0].requests, 1);
  });

policyCase('what does not fit is tried in the order of the list',
  '{name: p, match: {component: COMPONENT}, output_token_limit: 50, period: total, clamp_min_tokens: 200, when_exceeded: [clamp, downgrade: [gpt-4o-mini], queue: 100ms]}',
  async (caller) => {
    const began = Date.now();
    assert.equal((await caller.ask({max_tokens: 100})).status, 429);
    assert.ok(Date.now() - began < 3_000);
    assert.equal((await caller.ask()).decision, 'allow');
  });

// Clients that hang up

for (const [how, least, most] of [['cancel', 1, 150], ['drain', 200, 200]]) {
  policyCase(`on_client_abort: ${how} charges a stream whose client hangs up for what it should`,
    `{name: p, match: {component: COMPONENT}, cost_limit: 1, on_client_abort: ${how}}`,
    async (caller) => {
      const client = new LoadClient(proxy.url);
      const answer = await client.call({
        path: chat, body: question({max_tokens: 500, stream: true}), hangUpAfter: 8_000,
        headers: {'x-budget-component': caller.component, ...output(200), 'x-simulate-gap-ms': '5'}});
      assert.ok(answer.hungUp);
      await settled(proxy, caller.budget);
      const record = await caller.lastRecord();
      assert.ok(record.output_tokens >= least && record.output_tokens <= most,
                `${how}: ${record.output_tokens}`);
      assert.equal(record.estimated, how === 'cancel');
      if (how === 'cancel') assert.equal(record.error, 'client_gone');
    });
}

// Shadow, statuses, switched off

policyCase('a shadow policy never acts, and what it would have done is counted',
  '{name: p, match: {component: COMPONENT}, request_limit: 0, shadow: true}',
  async (caller) => {
    const denials = async () => Number(
      /^budget_shadow_denials_total (\d+)/m.exec((await proxy.fetch('/metrics', {
        headers: {'x-api-key': proxy.adminKey}})).body.toString())[1]);
    const count = await denials();
    const answer = await caller.ask();
    assert.equal(answer.status, 200);
    assert.equal(answer.decision, 'allow');
    assert.equal(await denials(), count + 1);
    assert.equal((await caller.counter('p')).requests, 1);
  });

for (const status of [402, 403]) {
  policyCase(`a refusal can be a ${status}`,
    `{name: p, match: {component: COMPONENT}, request_limit: 0, deny_status: ${status}}`,
    async (caller) => {
      const answer = await caller.ask();
      assert.equal(answer.status, status);
      assert.equal(json(answer).error.code, 'budget_exceeded');
    });
}

policyCase('a policy that is switched off does nothing',
  '{name: p, match: {component: COMPONENT}, request_limit: 0, enabled: false}',
  async (caller) => assert.equal((await caller.ask()).status, 200));

policyCase('a refusal by one policy holds nothing on the others',
  `{name: wide, match: {component: COMPONENT}, cost_limit: 1, period: total}
   {name: none, match: {component: COMPONENT, user: bob}, request_limit: 0, period: total}`,
  async (caller) => {
    assert.equal((await caller.ask({}, {'x-budget-user': 'bob'})).status, 429);
    const counter = await caller.counter('wide');
    assert.equal(counter.requests, 0);
    assert.equal(counter.reserved_nano, 0);
  });

// Dry runs, allocations, keys

policyCase('a dry run says what would be decided and changes nothing',
  '{name: p, match: {component: COMPONENT}, request_limit: 1, period: total}',
  async (caller) => {
    const first = await caller.dryRun();
    assert.equal(first.decision, 'allow');
    assert.equal(first.estimate.output_tokens, 20);
    assert.equal(first.estimate.cost_nano, first.estimate.input_tokens * 2500 + 20 * 10_000);
    assert.equal(first.policies[0].policy_id, `${caller.budget}/p`);
    assert.equal(first.policies[0].requests, 0);
    await caller.ask();
    const second = await caller.dryRun();
    assert.equal(second.decision, 'deny');
    assert.match(second.message, /policy 'p'/);
    assert.equal((await proxy.records(`&component=${caller.component}`)).length, 1);
  });

policyCase('an allocation keeps room for the calls that name it',
  '{name: p, match: {component: COMPONENT}, token_limit: 1000, period: total}',
  async (caller) => {
    const made = await proxy.post('/api/allocations',
      {context_id: 'k', component: caller.component, budget_id: caller.budget,
       tokens_allocated: 900, output_tokens: 300}, {'x-api-key': proxy.adminKey});
    assert.ok(made.status < 300, made.body.toString());
    const id = json(made).data.allocation_id;
    // The rest has no room for a call of 200 tokens; the allocation has.
    assert.equal((await caller.ask({max_tokens: 200})).status, 429);
    const drawn = await caller.ask({max_tokens: 200}, {'x-budget-allocation': id, ...output(50)});
    assert.equal(drawn.status, 200, drawn.body.toString());
    const used = json(drawn).usage;
    const left = await proxy.api(`/api/allocations/${id}`);
    assert.equal(left.tokens_remaining, 900 - used.total_tokens);
    const counter = await caller.counter('p');
    assert.equal(counter.input_tokens + counter.output_tokens, used.total_tokens);
    assert.equal(counter.reserved_tokens, left.tokens_remaining);
    assert.equal((await caller.lastRecord()).allocation_id, id);
    const released = await proxy.post(`/api/allocations/${id}/release`, {}, {'x-api-key': proxy.adminKey});
    assert.equal(released.status, 200);
    assert.equal((await caller.counter('p')).reserved_tokens, 0);
    assert.equal((await caller.ask({max_tokens: 200}, output(50))).status, 200);
    const gone = await caller.ask({}, {'x-budget-allocation': id});
    assert.equal(gone.status, 400, gone.body.toString());
  });

async function makeKey(grant) {
  const answer = await proxy.post('/api/keys', {name: 'test', ...grant}, {'x-api-key': proxy.adminKey});
  assert.equal(answer.status, 201, answer.body.toString());
  return json(answer).data;
}
const bearer = ({key}) => ({authorization: `Bearer ${key}`});

policyCase('what a key pins stands above what a call says of itself',
  '{name: p, match: {component: COMPONENT, user: ann}, request_limit: 0}',
  async (caller) => {
    const key = await makeKey({component: caller.component, user: 'ann', may_set: []});
    const says = {...bearer(key), 'x-budget-component': 'other', 'x-budget-user': 'bob'};
    assert.equal((await caller.ask({user: 'bob'}, says)).status, 429);
  });

policyCase('a key says which labels its holder may set',
  '{name: p, match: {component: COMPONENT, task_type: coding}, request_limit: 0}',
  async (caller) => {
    const coding = {'x-budget-task-type': 'coding'};
    const closed = await makeKey({component: caller.component, may_set: ['context']});
    assert.equal((await caller.ask({}, {...bearer(closed), ...coding})).status, 200);
    const open = await makeKey({component: caller.component, may_set: ['task_type']});
    assert.equal((await caller.ask({}, {...bearer(open), ...coding})).status, 429);
  });

policyCase('a key is refused what it may not use, and a wrong one everything',
  '{name: p, match: {component: COMPONENT}, per: [key], request_limit: 9, period: total}',
  async (caller) => {
    const key = await makeKey({models: ['gpt-4o-m*'], providers: ['simulated']});
    assert.equal((await caller.ask({model: 'gpt-4o-mini'}, bearer(key))).status, 200);
    assert.equal((await caller.lastRecord())?.key_id ?? (await proxy.records()).at(-1).key_id, key.id);
    const model = await caller.ask({}, bearer(key));
    assert.equal(model.status, 403);
    assert.equal(json(model).error.code, 'model_not_allowed');
    const provider = await caller.ask({model: 'gpt-4o-mini'}, bearer(key), '/second/v1/chat/completions');
    assert.equal(provider.status, 403);
    const wrong = await caller.ask({}, {authorization: `Bearer ${key.key.slice(0, -1)}x`});
    assert.equal(wrong.status, 401);
    assert.equal(json(wrong).error.code, 'invalid_api_key');
  });

before(async () => {
  const budgets = cases.map(({component, policies}) => `
  - name: budget-${component}
    policies:
${policies.replaceAll('COMPONENT', component).trim().split('\n').map((line) => `      - ${line.trim()}`).join('\n')}`);
  proxy = await new Budget({config: `
providers:
  simulated: {format: simulated}
  second: {format: simulated}
tiers:
  small: ["*mini*"]
  large: ["*"]
budgets:${budgets.join('')}
${prices}    "second/*": {input: 2.50, output: 10.00}
`}).start();
});

after(() => proxy?.stop());

for (const {component, sentence, check} of cases) {
  test(sentence, () => check(new Caller(component)));
}

test('for every policy of all these, the records add up to the counters', async () => {
  for (const {component} of cases) {
    await assertSums(proxy, `budget-${component}`, {
      add: (record) => ({...record, tier: record.model.includes('mini') ? 'small' : 'large'})});
  }
});
