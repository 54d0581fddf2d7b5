// What the tests of money share: calls to the simulated provider, and the sums
// that must hold after any of them.
import assert from 'node:assert/strict';
import {sleep} from './provider.mjs';

// USD per million tokens: a nano-USD per token is a thousandth of these.
export const prices = `
prices:
  overrides:
    "simulated/*": {input: 2.50, output: 10.00}
    "simulated/gpt-4o-mini": {input: 0.25, output: 1.00}
`;

export const chat = '/simulated/v1/chat/completions';

export function question(more = {}, text = 'Say something about the sea.') {
  return {model: 'gpt-4o', messages: [{role: 'user', content: text}], ...more};
}

export const nano = (usd) => {
  const [whole, part = ''] = usd.split('.');
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'));
};

export const output = (tokens) => ({'x-simulate-output-tokens': String(tokens)});

// The partition of a counter, "component=a,user=b", as {component: 'a', …}.
export function partitionOf(text) {
  return Object.fromEntries(
    text.split(',').filter(Boolean).map((pair) => pair.split('=').map(decodeURIComponent)));
}

const fieldOf = {context: 'context_id', task: 'task_id', key: 'key_id'};

function labelOf(record, name) {
  if (name.startsWith('tag.')) return record.tags[name.slice(4)];
  return record[fieldOf[name] ?? name];
}

function inPartition(record, partition) {
  return Object.entries(partition).every(([name, value]) => (labelOf(record, name) || '-') === value);
}

export function sumOf(records) {
  const sum = {cost: 0n, input: 0, output: 0, requests: records.length};
  for (const record of records) {
    sum.cost += BigInt(record.total_cost_nano);
    sum.input += record.input_tokens;
    sum.output += record.output_tokens;
  }
  return sum;
}

// The counters of a budget: one item a policy and partition.
export async function countersOf(proxy, budget) {
  return (await proxy.api(`/api/budgets/${budget}/summary?limit=500`)).items;
}

// Waits until no call is in flight on any counter of `budget`.
export async function settled(proxy, budget, {withinMs = 10_000} = {}) {
  for (const until = Date.now() + withinMs; ; await sleep(10)) {
    const counters = await countersOf(proxy, budget);
    if (counters.every((counter) => counter.in_flight === 0)) return counters;
    assert.ok(Date.now() < until, `still in flight: ${JSON.stringify(counters)}`);
  }
}

// G2 and G3 for every counter of `budget`: what it says is the sum of the
// records that say they counted against it; nothing is held any more. `query`
// leaves out records that no counter of the budget is about.
// `add` gives a record labels that it does not carry itself. Short rolling windows are for those to judge who know what has left them.
export async function assertSums(proxy, budget, {query = '', rolling = false, add = (record) => record} = {}) {
  const counters = await settled(proxy, budget);
  const records = (await proxy.records(query)).map(add);
  assert.equal(new Set(records.map((record) => record.request_id)).size, records.length,
               'two records of one call');
  for (const counter of counters) {
    if (counter.period === 'rolling' && !rolling) continue;
    const where = `${counter.policy_id} ${counter.partition}`;
    const partition = partitionOf(counter.partition);
    // A counter of a period is the sum of that period's records.
    const since = Date.parse(counter.window_start);
    const sum = sumOf(records.filter((record) => !(Date.parse(record.timestamp) < since) &&
      record.policies.includes(counter.policy_id) && inPartition(record, partition)));
    assert.equal(BigInt(counter.spent_nano), sum.cost, `cost of ${where}`);
    assert.equal(counter.input_tokens, sum.input, `input of ${where}`);
    assert.equal(counter.output_tokens, sum.output, `output of ${where}`);
    assert.equal(counter.requests, sum.requests, `requests of ${where}`);
    assert.equal(BigInt(counter.reserved_nano), 0n, `reserved of ${where}`);
    assert.equal(counter.reserved_tokens, 0, `reserved tokens of ${where}`);
  }
  for (const record of records) {
    assert.equal(BigInt(record.total_cost_nano),
                 BigInt(record.input_cost_nano) + BigInt(record.output_cost_nano),
                 `costs of ${record.request_id}`);
  }
  return {counters, records};
}

// G1 at one instant: what is spent and held is within every hard limit.
export function assertWithinLimits(counters) {
  for (const counter of counters) {
    if (counter.type !== 'hard_limit') continue;
    const {limits} = counter;
    const used = {
      cost_limit_nano: counter.spent_nano + counter.reserved_nano,
      token_limit: counter.input_tokens + counter.output_tokens + counter.reserved_tokens,
      input_token_limit: counter.input_tokens,
      output_token_limit: counter.output_tokens,
      request_limit: counter.requests + counter.in_flight,
      concurrent_limit: counter.in_flight,
    };
    for (const [name, amount] of Object.entries(used)) {
      const limit = limits[name];
      if (limit === undefined || limit === null) continue;
      assert.ok(amount <= limit, `${counter.policy_id} ${counter.partition}: ${name} ${limit}, used ${amount}`);
    }
  }
}

// A refusal by a budget is a 429 that says why and until when.
export function assertCleanRefusal(answer) {
  assert.equal(answer.status, 429);
  assert.equal(answer.headers['x-budget-decision'], 'deny');
  const {error} = JSON.parse(answer.body);
  assert.equal(error.code, 'budget_exceeded');
  assert.ok(error.message.includes(`'${error.budget.policy}'`), error.message);
  assert.equal(error.budget.request_id, answer.headers['x-budget-request-id']);
  const comesBack = error.budget.resets_at !== null || error.budget.unit === 'concurrent';
  assert.equal(answer.headers['retry-after'] !== undefined, comesBack, error.message);
  if (comesBack) assert.ok(Number(answer.headers['retry-after']) >= 1);
}
