// Tekton's configuration as it ships: its tiers, their limits, and what Apollo,
// Rhetor and Engram ask for.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, binary} from './lib/budget.mjs';

const file = path.resolve(import.meta.dirname, '../../configs/tekton.yaml');
const keys = {OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', GEMINI_API_KEY: 'k', GROQ_API_KEY: 'k'};

// The file without the sections that are the harness's, and without Hermes,
// which is not there.
function sections() {
  const parts = fs.readFileSync(file, 'utf8').split(/^(?=[a-z_]+:)/m);
  return parts.filter((part) => !/^(listen|store|hermes):|^#/.test(part)).join('');
}

let proxy;
before(async () => {
  proxy = await new Budget({config: sections(), env: keys}).start();
});
after(() => proxy?.stop());

async function api(method, target, body) {
  const answer = await proxy.fetch(target, {method,
    headers: {'x-api-key': proxy.adminKey, 'content-type': 'application/json'},
    body: body === undefined ? undefined : JSON.stringify(body)});
  return {status: answer.status, json: JSON.parse(answer.body)};
}

// A call whose answer has `tokens` tokens, which are all it may have.
async function call(model, context, tokens, component = 'apollo') {
  const answer = await proxy.post('/simulated/v1/chat/completions',
    {model, max_tokens: tokens, messages: [{role: 'user', content: 'go on'}]},
    {'x-budget-component': component, 'x-budget-context': context,
     'x-simulate-output-tokens': String(tokens)});
  return {status: answer.status, headers: answer.headers, json: JSON.parse(answer.body)};
}

describe("Tekton's configuration", () => {
  test('is checked, and says what it enforces', () => {
    const text = execFileSync(binary, ['check', '--config', file],
                              {env: {...process.env, ...keys}, encoding: 'utf8'});
    assert.match(text, /tekton/);
    for (const budget of ['local-lightweight', 'local-midweight', 'remote-heavyweight', 'components']) {
      assert.ok(text.includes(budget), budget);
    }
  });

  test("has the three tiers with Tekton's limits", async () => {
    const limits = {
      'local-lightweight': ['local_lightweight', 1_000_000, 10_000_000, 8_000],
      'local-midweight': ['local_midweight', 500_000, 5_000_000, 16_000],
      'remote-heavyweight': ['remote_heavyweight', 100_000, 1_000_000, 32_000],
    };
    for (const [budget, [tier, hourly, daily, session]] of Object.entries(limits)) {
      const {json} = await api('GET', `/api/budgets/${budget}/policies?limit=50`);
      const by = Object.fromEntries(json.items.map((policy) => [policy.period, policy]));
      assert.deepEqual([by.hourly.token_limit, by.daily.token_limit, by.per_session.token_limit],
                       [hourly, daily, session], budget);
      for (const policy of json.items) assert.deepEqual(policy.match.tier, [tier]);
    }
  });

  test('holds a session to its tier', async () => {
    // A remote call that could pass its session's 32,000 is not let in at all.
    const large = await call('heavy-1', 'large', 40_000);
    assert.equal(large.status, 429);
    assert.equal(large.json.error.budget.policy, 'per-session-tokens');
    assert.equal((await call('heavy-1', 'fits', 20_000)).status, 200);
    assert.equal((await call('heavy-1', 'fits', 20_000)).status, 429);
    assert.equal((await call('heavy-1', 'another', 20_000)).status, 200);
    // Local tiers are soft: what is under way goes through, then it is enough.
    for (const [model, tokens] of [['codellama-7b', 4_000], ['claude-3-haiku-20240307', 8_000]]) {
      assert.equal((await call(model, 'local', tokens)).status, 200, model);
      assert.equal((await call(model, 'local', tokens)).status, 200, model);
      const third = await call(model, 'local', tokens);
      assert.equal(third.status, 429, model);
      assert.match(third.json.error.message, /per-session-tokens/);
      assert.equal((await call(model, 'local-2', 10)).status, 200, model);
    }
  });

  test('counts what a context has used, and what it has left, for Engram', async () => {
    const {status, json: {data}} = await api('GET', '/api/usage/context/fits');
    assert.equal(status, 200);
    assert.equal(data.usage.requests, 1);
    assert.equal(data.usage.output_tokens, 20_000);
    assert.deepEqual(data.models.map((each) => [each.provider, each.model]), [['simulated', 'heavy-1']]);
    const [session] = data.limits;
    assert.equal(data.limits.length, 1);
    assert.equal(session.policy_id, 'remote-heavyweight/per-session-tokens');
    assert.equal(session.limits.tokens, 32_000);
    assert.ok(session.output_tokens === 20_000 && session.percentage > 62);
    const nobody = await api('GET', '/api/usage/context/nobody');
    assert.deepEqual([nobody.json.data.usage.requests, nobody.json.data.limits], [0, []]);
    assert.equal((await proxy.fetch('/api/usage/context/fits')).status, 401);
  });

  test('sets tokens of a tier aside for Apollo, for a day', async () => {
    const reserved = async (budget, policy) => (await proxy.summary(budget)).items
      .find((item) => item.policy === policy)?.reserved_tokens;
    const made = await api('POST', '/api/allocations', {context_id: 'plan', component: 'apollo',
      tokens_allocated: 5000, tier: 'local_lightweight', priority: 8, task_type: 'planning'});
    assert.equal(made.status, 201, JSON.stringify(made.json));
    const {data} = made.json;
    assert.deepEqual([data.tier, data.priority, data.tokens_remaining], ['local_lightweight', 8, 5000]);
    const life = Date.parse(data.expiration_time) - Date.parse(data.created_at);
    assert.ok(Math.abs(life - 24 * 3600e3) < 2000, data.expiration_time);
    assert.equal(await reserved('local-lightweight', 'hourly-tokens'), 5000);
    assert.equal(await reserved('remote-heavyweight', 'hourly-tokens'), 0);
    const listed = await api('GET', '/api/allocations/context/plan');
    assert.deepEqual(listed.json.items.map((item) => item.allocation_id), [data.allocation_id]);
    assert.equal((await api('GET', '/api/allocations/context/nobody')).json.total, 0);
    // Above what a session of the tier may have, and of no tier there is.
    const much = await api('POST', '/api/allocations', {context_id: 'plan', component: 'apollo',
      tokens_allocated: 200_000, tier: 'remote_heavyweight'});
    assert.equal(much.json.error.code, 'insufficient_budget');
    const none = await api('POST', '/api/allocations', {context_id: 'plan', component: 'apollo',
      tokens_allocated: 1, tier: 'imaginary'});
    assert.equal(none.json.error.code, 'invalid_request');
    // A call that names it draws on it.
    const drawn = await proxy.post('/simulated/v1/chat/completions',
      {model: 'codellama-7b', max_tokens: 100, messages: [{role: 'user', content: 'go on'}]},
      {'x-budget-component': 'apollo', 'x-budget-context': 'plan',
       'x-budget-allocation': data.allocation_id});
    assert.equal(drawn.status, 200, drawn.body.toString());
    const left = await api('GET', '/api/allocations/' + data.allocation_id);
    assert.ok(left.json.data.tokens_remaining < 5000, JSON.stringify(left.json.data));
    assert.equal((await api('POST', `/api/allocations/${data.allocation_id}/release`)).status, 200);
    assert.equal(await reserved('local-lightweight', 'hourly-tokens'), 0);
  });

  test('answers Rhetor whether a call may go', async () => {
    const ask = (body) => api('POST', '/api/budgets/check', {component: 'rhetor', provider: 'simulated', ...body});
    const fine = (await ask({model: 'heavy-1', context_id: 'new', input_tokens: 100, output_tokens: 1000})).json.data;
    assert.equal(fine.allowed, true);
    assert.equal(fine.tier, 'remote_heavyweight');
    const over = (await ask({model: 'heavy-1', context_id: 'fits', input_tokens: 100, output_tokens: 15_000})).json.data;
    assert.deepEqual([over.allowed, over.denied_by, over.denied_unit],
                     [false, 'remote-heavyweight/per-session-tokens', 'tokens']);
    assert.match(over.message, /32,?000/);
    const local = (await ask({model: 'codellama-7b', context_id: 'local', input_tokens: 1})).json.data;
    assert.equal(local.denied_by, 'local-lightweight/per-session-tokens');
    assert.equal((await ask({model: 'heavy-1', input_tokens: -1})).json.error.code, 'invalid_request');
    assert.equal((await api('POST', '/api/budgets/check', {})).status, 400);
    assert.equal((await proxy.post('/api/budgets/check', {})).status, 401);
  });
});
