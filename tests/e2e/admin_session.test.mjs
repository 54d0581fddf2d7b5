// Sessions, repeated requests, the audit log, a provider's state and simulations,
// as a browser and a script meet them over the wire.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Budget} from './lib/budget.mjs';

let proxy;
before(async () => {
  proxy = await new Budget({tls: true, config: `
providers:
  simulated: {format: simulated}
  away: {format: openai, url: "http://127.0.0.1:1", key: own-key-of-the-provider}
  mine: {format: openai, url: "http://127.0.0.1:1"}
identity: {require_key: false}
prices: {overrides: {"simulated/*": {input: 1.00, output: 2.00}, "away/*": {input: 1, output: 1}, "mine/*": {input: 1, output: 1}}}
budgets:
  - name: team
    policies: [{name: cap, cost_limit: 1.00}]
`}).start();
});
after(() => proxy.stop());

const parsed = (answer) => ({...answer, json: JSON.parse(answer.body)});

async function logIn() {
  const answer = parsed(await proxy.post('/api/session', {key: proxy.adminKey}));
  assert.equal(answer.status, 201, answer.body.toString());
  const [cookie] = answer.headers['set-cookie'];
  return {cookie: cookie.split(';')[0], whole: cookie, csrf: answer.json.data.csrf_token};
}

const chat = (model, more) => ({model, max_tokens: 20, messages: [{role: 'user', content: 'hi'}], ...more});

describe('a console session', () => {
  test('is a secure cookie, reads with it, and writes only with its token', async () => {
    const {cookie, whole, csrf} = await logIn();
    assert.match(whole, /; HttpOnly/);
    assert.match(whole, /; SameSite=Strict/);
    assert.match(whole, /; Secure/);
    const who = parsed(await proxy.fetch('/api/session', {headers: {cookie}}));
    assert.equal(who.json.data.role, 'admin');
    assert.equal(who.json.data.csrf_token, csrf);
    assert.equal((await proxy.post('/api/budgets', {name: 'x'}, {cookie})).status, 403);
    assert.equal((await proxy.post('/api/budgets', {name: 'x'},
                                   {cookie, 'x-csrf-token': csrf})).status, 201);
    const gone = await proxy.fetch('/api/session',
                                   {method: 'DELETE', headers: {cookie, 'x-csrf-token': csrf}});
    assert.equal(gone.status, 200);
    assert.equal((await proxy.fetch('/api/session', {headers: {cookie}})).status, 401);
  });

  test('is never begun with a proxy key, which opens no admin path', async () => {
    const made = parsed(await proxy.post('/api/keys', {name: 'k'}, {'x-api-key': proxy.adminKey}));
    const key = made.json.data.key;
    assert.equal((await proxy.post('/api/session', {key})).status, 401);
    assert.equal((await proxy.fetch('/api/budgets', {headers: {'x-api-key': key}})).status, 401);
  });

  test('an admin key calls no model and reaches no provider', async () => {
    for (const headers of [{authorization: `Bearer ${proxy.adminKey}`}, {'x-api-key': proxy.adminKey}]) {
      const answer = parsed(await proxy.post('/mine/v1/chat/completions', chat('gpt-4o'), headers));
      assert.equal(answer.status, 401);
      assert.equal(answer.json.error.code, 'invalid_api_key');
    }
  });
});

test('every answer carries its security headers', async () => {
  for (const path of ['/health', '/api/budgets', '/api/docs', '/metrics']) {
    const {headers} = await proxy.fetch(path, {headers: {'x-api-key': proxy.adminKey}});
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['x-frame-options'], 'DENY', path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.ok(headers['content-security-policy'], path);
  }
});

test('a request that is sent again is answered as before, and audited once', async () => {
  const headers = {'x-api-key': proxy.adminKey, 'idempotency-key': 'once'};
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await proxy.post('/api/budgets', {name: 'again'}, headers));
  assert.deepEqual(answers.map(({status}) => status), [201, 201, 201]);
  assert.deepEqual(answers[1].body, answers[0].body);
  assert.equal(answers[1].headers['idempotency-replayed'], 'true');
  assert.equal((await proxy.post('/api/budgets', {name: 'other'}, headers)).status, 422);
  const audit = await proxy.api('/api/audit?path=/api/budgets&method=POST');
  const lines = audit.items.filter((item) => item.after?.id === 'again');
  assert.equal(lines.length, 1);
  assert.equal(lines[0].who, 'generated');
});

test('a provider tells whether it is reached, how fast, and what fails', async () => {
  const ask = async (provider) =>
    (await proxy.api('/api/providers')).items.find((item) => item.name === provider);
  assert.equal((await ask('simulated')).reachable, null);
  assert.equal((await proxy.post('/simulated/v1/chat/completions', chat('gpt-4o'))).status, 200);
  assert.equal((await proxy.post('/away/v1/chat/completions', chat('gpt-4o'))).status, 502);
  const good = await ask('simulated');
  assert.equal(good.reachable, true);
  assert.deepEqual([good.calls, good.errors, good.in_flight], [1, 0, 0]);
  assert.ok(Number.isInteger(good.latency_ms));
  const away = await ask('away');
  assert.equal(away.reachable, false);
  assert.deepEqual([away.calls, away.errors, away.in_flight], [1, 1, 0]);
  assert.ok(away.last_failure_at);
});

test('the policies that were in force, simulated, decide as they did', async () => {
  const start = new Date(Date.now() - 60_000).toISOString();
  await proxy.post('/api/policies', {budget_id: 'team', name: 'three', request_limit: 3,
    match: {component: 'sim'}}, {'x-api-key': proxy.adminKey});
  const statuses = [];
  for (let i = 0; i < 5; i++) {
    statuses.push((await proxy.post('/simulated/v1/chat/completions', chat('gpt-4o'),
      {'x-budget-component': 'sim'})).status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  await proxy.records('&component=sim');
  const simulate = async (body) => parsed(await proxy.post('/api/policies/simulate',
    {start_time: start, ...body}, {'x-api-key': proxy.adminKey})).json.data;
  const same = await simulate({});
  const component = same.components.find((item) => item.component === 'sim');
  assert.deepEqual([component.calls, component.denied], [3, 0]);
  const tighter = await simulate({policies: [
    {budget_id: 'team', name: 'three', request_limit: 1, match: {component: 'sim'}}]});
  const cut = tighter.policies.find((item) => item.policy_id === 'team/three');
  assert.deepEqual([cut.allowed + cut.warned, cut.denied], [1, 2]);
  assert.ok(cut.saved_nano > 0);
});
