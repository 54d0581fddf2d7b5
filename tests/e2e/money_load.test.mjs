// Two hundred clients against limits with room for about fifty of their calls:
// no counter may pass its limit at any moment, whatever clients and providers do.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {LoadClient, randomFrom, seed} from './lib/load.mjs';
import {assertCleanRefusal, assertSums, assertWithinLimits, chat, countersOf, prices, question,
        settled} from './lib/money.mjs';
import {sleep} from './lib/provider.mjs';

const clients = 200;
const callsEach = 10;
const yearly = 'period: yearly';  // never ends while a test runs

const some = (random, values) => values[Math.floor(random() * values.length)];
const upTo = (random, most) => Math.floor(random() * (most + 1));

// A call of at most `ceiling` tokens that says any number of them.
const saying = (random, ceiling) => ({
  body: {max_tokens: ceiling},
  headers: {'x-simulate-output-tokens': upTo(random, ceiling), 'x-simulate-latency-ms': upTo(random, 5)},
});
const plain = (random) => saying(random, 20);
const streamed = (random, _, ceiling = 20) => {
  const call = saying(random, ceiling);
  return {...call, body: {...call.body, stream: true},
          headers: {...call.headers, 'x-simulate-gap-ms': upTo(random, 2)}};
};
const hangingUp = (random) => ({
  ...streamed(random), hangUpAfter: random() < 0.5 ? upTo(random, 5_000) : Infinity});
const breaking = (random) => {
  const call = random() < 0.5 ? plain(random) : streamed(random);
  const trouble = some(random, [
    {}, {'x-simulate-status': some(random, [400, 429, 500, 503])},
    {'x-simulate-break-after': upTo(random, 4_000)}, {'x-simulate-usage': 'missing'},
    {'x-simulate-chunk-bytes': 1 + upTo(random, 50)}]);
  return {...call, headers: {...call.headers, ...trouble}};
};
const anything = (random, component) => {
  const call = some(random, [plain, streamed, hangingUp, breaking])(random);
  if (random() < 0.2) call.body.max_tokens = 300;
  // An answer that breaks is charged at its hold; without a ceiling that is all
  // there is, and the test would be over.
  if (random() < 0.02 && !call.headers['x-simulate-break-after']) delete call.body.max_tokens;
  if (random() < 0.2) call.body.model = 'gpt-4o-mini';
  Object.assign(call.headers, {
    'x-budget-component': component + some(random, ['', '-a', '-b']),
    'x-budget-user': some(random, ['ann', 'bob', 'eve']),
    'x-budget-priority': 1 + upTo(random, 9),
    'x-simulate-latency-ms': upTo(random, 20)});
  return call;
};

// About fifty calls of thirteen tokens in and twenty out.
const room = 'cost_limit: 0.0116';

const scenarios = [
  {name: 'plain calls', policies: [`{name: p, ${yearly}, ${room}}`], call: plain},
  {name: 'streams', policies: [`{name: p, ${yearly}, ${room}}`], call: streamed},
  {name: 'streams whose clients hang up', policies: [`{name: p, ${yearly}, ${room}}`], call: hangingUp},
  {name: 'streams that are drained when their clients hang up',
   policies: [`{name: p, ${yearly}, ${room}, on_client_abort: drain}`], call: hangingUp},
  {name: 'providers that break', policies: [`{name: p, ${yearly}, ${room}}`], call: breaking},
  {name: 'clamping', call: (random) => saying(random, 400), decision: 'clamp', atLeast: 30,
   policies: [`{name: p, ${yearly}, cost_limit: 0.08, when_exceeded: [clamp], clamp_min_tokens: 10}`]},
  {name: 'calls without a ceiling', policies: [`{name: p, ${yearly}, ${room}, clamp_min_tokens: 10}`],
   call: (random) => ({body: {}, headers: {'x-simulate-output-tokens': upTo(random, 30)}})},
  {name: 'downgrading', call: plain, decision: 'downgrade',
   policies: [`{name: p, ${yearly}, ${room}, when_exceeded: [downgrade: [gpt-4o-mini]]}`]},
  {name: 'queueing', call: plain, decision: 'queue',
   policies: [`{name: p, ${yearly}, ${room}, when_exceeded: [queue: 200ms]}`,
              `{name: few, ${yearly}, concurrent_limit: 5, when_exceeded: [queue: 200ms]}`]},
  {name: 'streams that hold in steps and are cut', decision: 'allow', atLeast: 10,
   call: (random) => {
     const call = streamed(random, '', 3_000);
     call.headers['x-simulate-gap-ms'] = 0;
     return {...call, hangUpAfter: random() < 0.2 ? upTo(random, 300_000) : Infinity};
   },
   policies: [`{name: p, ${yearly}, cost_limit: 0.3, reserve: incremental}`]},
  {name: 'everything at once, under many policies', call: anything, restMs: 15,
   policies: [
     `{name: cost, ${yearly}, cost_limit: 0.02, when_exceeded: [clamp, downgrade: [gpt-4o-mini], queue: 200ms], clamp_min_tokens: 5}`,
     `{name: tokens, ${yearly}, per: [component], token_limit: 1500, when_exceeded: [clamp], clamp_min_tokens: 5}`,
     `{name: input, ${yearly}, input_token_limit: 3000}`,
     `{name: output, ${yearly}, output_token_limit: 2500, reserve: incremental}`,
     `{name: requests, period: {rolling: 1h}, per: [user], request_limit: 40}`,
     `{name: abreast, ${yearly}, concurrent_limit: 20, when_exceeded: [queue: 500ms]}`,
     `{name: soft, ${yearly}, type: soft_limit, cost_limit: 0.02, action_threshold: 0.9, priority_bypass: 8}`,
     `{name: told, ${yearly}, type: warn, cost_limit: 0.001}`,
     `{name: seen, ${yearly}, type: ignore, per: [component, user], cost_limit: 0.001}`,
     `{name: trial, ${yearly}, shadow: true, request_limit: 5}`]},
];

let proxy;

before(async () => {
  const budgets = scenarios.map(({policies}, index) => `
  - name: b${index}
    policies:
${policies.map((policy) => `      - ${policy.replace('{', `{match: {component: "s${index}.*"}, `)}`).join('\n')}`);
  proxy = await new Budget({config: `
providers: {simulated: {format: simulated}}
budgets:${budgets.join('')}
${prices}`}).start();
});

after(() => proxy?.stop());

async function load(scenario, component) {
  const answers = [];
  await Promise.all(Array.from({length: clients}, async (_, index) => {
    const random = randomFrom(seed + index);
    const client = new LoadClient(proxy.url);
    for (let i = 0; i < callsEach; i++) {
      const call = scenario.call(random, component);
      const headers = {'x-budget-component': component, ...call.headers};
      const answer = await client.call({
        path: chat, body: question(call.body), headers, hangUpAfter: call.hangUpAfter});
      answers.push(answer);
      if (answer.status === 429 && scenario.restMs) await sleep(scenario.restMs);
    }
    client.close();
  }));
  return answers;
}

async function watch(budget, until) {
  let samples = 0;
  while (!until.done) {
    assertWithinLimits(await countersOf(proxy, budget));
    samples += 1;
    await sleep(1);
  }
  return samples;
}

function assertAnswers(answers, records) {
  const recorded = new Set(records.map((record) => record.request_id));
  let unknown = 0;  // hung up before the head: nobody knows what was decided
  const counts = {};
  for (const answer of answers) {
    const id = answer.headers['x-budget-request-id'];
    const decision = answer.headers['x-budget-decision'];
    const kind = !id ? 'unknown' : decision;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (!id) {
      assert.ok(answer.hungUp || answer.broken, `no request id: ${answer.status}`);
      unknown += 1;
    } else if (decision === 'deny') {
      if (!answer.hungUp) assertCleanRefusal(answer);
      assert.ok(!recorded.has(id), 'a refused call has a record');
    } else {
      assert.ok(recorded.delete(id), `an admitted call has no record: ${id}, ${answer.status} ${answer.body}`);
      const expected = [200, 400, 429, 500, 502, 503];
      assert.ok(expected.includes(answer.status), `${answer.status}`);
    }
  }
  assert.ok(recorded.size <= unknown, `${recorded.size} records of calls that nobody made`);
  return counts;
}

for (const [index, scenario] of scenarios.entries()) {
  test(`${clients} clients: ${scenario.name} (seed ${seed})`, async (t) => {
    const [budget, component] = [`b${index}`, `s${index}.`];
    const state = {done: false};
    const watching = watch(budget, state);
    const answers = await load(scenario, component).finally(() => { state.done = true; });
    const samples = await watching;
    await settled(proxy, budget);
    const {counters, records} = await assertSums(proxy, budget,
      {query: scenario.call === anything ? '' : `&component=${component}`, rolling: true});
    assertWithinLimits(counters);
    const own = records.filter((record) => record.policies.some((policy) => policy.startsWith(`${budget}/`)));
    const counts = assertAnswers(answers, own);
    t.diagnostic(`${samples} samples, ${own.length} records, decisions ${JSON.stringify(counts)}`);
    assert.ok(samples > 2, `only ${samples} samples`);
    assert.ok(counts.deny > 0, 'the limit was never reached');
    assert.ok(own.length >= (scenario.atLeast ?? 40), `only ${own.length} calls were let in`);
    if (scenario.decision) assert.ok(counts[scenario.decision] > 0, `no ${scenario.decision}`);
  });
}
