// What the configuration says of all calls: models without a price, keys, and
// what refusals tell.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {chat, nano, question} from './lib/money.mjs';

async function withProxy(config, check) {
  const proxy = await new Budget({config: `providers: {simulated: {format: simulated}}\n${config}`}).start();
  try {
    await check(proxy);
  } finally {
    await proxy.stop();
  }
}

const unpriced = question({model: 'a-model-nobody-knows', max_tokens: 10});
const budgets = `
budgets:
  - name: b
    policies: [{name: p, period: total, cost_limit: 1}]
`;

test('a model without a price is refused unless the configuration says otherwise', () =>
  withProxy(budgets, async (proxy) => {
    const answer = await proxy.post(chat, unpriced);
    assert.equal(answer.status, 403);
    assert.equal(JSON.parse(answer.body).error.code, 'unpriced_model');
    assert.equal(answer.headers['x-budget-decision'], 'deny');
    assert.deepEqual(await proxy.records(), []);
  }));

test('a model without a price may be free, and its records say that nobody priced it', () =>
  withProxy(`${budgets}prices: {unknown_model: free}`, async (proxy) => {
    const answer = await proxy.post(chat, unpriced);
    assert.equal(answer.status, 200);
    const [record] = await proxy.records();
    assert.equal(record.total_cost_nano, 0);
    assert.equal(record.unpriced, true);
    assert.ok(record.output_tokens > 0);
  }));

test('a model without a price may have one for all of its kind', () =>
  withProxy(`${budgets}prices: {unknown_model: {input: 1.00, output: 2.00}}`, async (proxy) => {
    const answer = await proxy.post(chat, unpriced);
    assert.equal(answer.status, 200);
    const {usage} = JSON.parse(answer.body);
    assert.equal(nano(answer.headers['x-budget-cost']),
                 BigInt(usage.prompt_tokens * 1000 + usage.completion_tokens * 2000));
  }));

test('refusals and warnings name no amounts where the configuration says so', () =>
  withProxy(`
errors: {detail: minimal}
budgets:
  - name: b
    policies:
      - {name: w, type: warn, period: total, cost_limit: 0.000000007}
      - {name: p, period: total, request_limit: 1}
prices: {unknown_model: {input: 1.00, output: 2.00}}`, async (proxy) => {
    const warned = await proxy.post(chat, unpriced);
    assert.equal(warned.status, 200);
    assert.match(warned.headers['x-budget-warning'], /'w'/);
    assert.doesNotMatch(warned.headers['x-budget-warning'], /\d|\$/);
    const refused = await proxy.post(chat, unpriced);
    assert.equal(refused.status, 429);
    const {error} = JSON.parse(refused.body);
    assert.equal(error.budget, undefined);
    assert.match(error.message, /'p'/);
    assert.doesNotMatch(error.message, /\d|\$/);
    assert.equal(refused.headers['x-budget-remaining'], undefined);
  }));

test('where keys are required, a call without one is refused', () =>
  withProxy(`identity: {require_key: always}\n${budgets}`, async (proxy) => {
    const body = question({max_tokens: 10});
    for (const headers of [{}, {authorization: 'Bearer sk-a-provider-key'}]) {
      const answer = await proxy.post(chat, body, headers);
      assert.equal(answer.status, 401);
      assert.equal(JSON.parse(answer.body).error.code, 'invalid_api_key');
    }
    const made = await proxy.post('/api/keys', {name: 'k'}, {'x-api-key': proxy.adminKey});
    const {key} = JSON.parse(made.body).data;
    for (const headers of [{authorization: `Bearer ${key}`}, {'x-api-key': key}, {'api-key': key}]) {
      assert.equal((await proxy.post(chat, body, headers)).status, 200);
    }
  }));

test('identity headers count for nothing where the configuration says so', () =>
  withProxy(`identity: {headers: false, default_component: house}\n${budgets}`, async (proxy) => {
    await proxy.post(chat, question({max_tokens: 10}), {'x-budget-component': 'other'});
    assert.equal((await proxy.records())[0].component, 'house');
  }));
