// Budgets, policies and overrides made through the API: what they do to the very
// next call, on every worker, across a restart and a change of the file.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {after, before, describe, test} from 'node:test';
import {Budget, binary} from './lib/budget.mjs';
import {sleep} from './lib/provider.mjs';

const viewer = 'viewer-key-that-nobody-can-guess-00000';
const operator = 'operator-key-that-nobody-can-guess-000';
const admin = 'admin-key-that-nobody-can-guess-0000000';

const base = `
workers: 2
admin:
  keys:
    - {name: vera, role: viewer, key: ${viewer}}
    - {name: otto, role: operator, key: ${operator}}
    - {name: ada, role: admin, key: ${admin}}
providers: {simulated: {format: simulated}}
tiers: {large: ["gpt-4*"]}
prices: {overrides: {"simulated/*": {input: 1.00, output: 2.00}}}
`;
const fileBudget = `
budgets:
  - name: team
    policies:
      - {name: cap, cost_limit: 1.00, match: {component: filed}}
`;

let proxy;
before(async () => {
  proxy = await new Budget({config: base + fileBudget}).start();
});
after(() => proxy.stop());

async function api(method, target, body, {key = operator, ...headers} = {}) {
  const answer = await proxy.fetch(target, {
    method, headers: {'x-api-key': key, 'content-type': 'application/json', ...headers},
    body: body === undefined ? undefined : JSON.stringify(body)});
  return {status: answer.status, headers: answer.headers, json: JSON.parse(answer.body)};
}

async function call(component, headers = {}) {
  const answer = await proxy.post('/simulated/v1/chat/completions',
    {model: 'gpt-4o', max_tokens: 20, messages: [{role: 'user', content: 'hello'}]},
    {'x-budget-component': component, ...headers});
  return answer.status;
}

async function statuses(component, count) {
  return Promise.all(Array.from({length: count}, () => call(component)));
}

async function eventually(check, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; ;) {
    if (await check()) return;
    assert.ok(Date.now() < end, `not true after ${seconds} s`);
    await sleep(20);
  }
}

describe('a budget made through the API', () => {
  test('stops the next calls on every worker, and lets them go when it is removed', async () => {
    assert.deepEqual(new Set(await statuses('apollo', 6)), new Set([200]));
    const made = await api('POST', '/api/budgets', {name: 'apollo', owner: 'ann', policies: [
      {name: 'none', request_limit: 0, match: {component: 'apollo'}, deny_status: 402}]});
    assert.equal(made.status, 201, JSON.stringify(made.json));
    assert.equal(made.json.data.source, 'api');
    assert.deepEqual(new Set(await statuses('apollo', 12)), new Set([402]));
    assert.equal(await call('someone-else'), 200);
    assert.equal((await api('DELETE', '/api/budgets/apollo')).status, 200);
    assert.deepEqual(new Set(await statuses('apollo', 12)), new Set([200]));
  });

  test('counts on where it was, when its limit is changed', async () => {
    const policy = {budget_id: 'team', name: 'codex', request_limit: 3, match: {component: 'codex'}};
    assert.equal((await api('POST', '/api/policies', policy)).status, 201);
    assert.deepEqual((await statuses('codex', 5)).sort(), [200, 200, 200, 429, 429]);
    const read = await api('GET', '/api/policies/team%2Fcodex');
    const put = await api('PUT', '/api/policies/team%2Fcodex',
      {...read.json.data, request_limit: 4}, {'if-match': read.headers.etag});
    assert.equal(put.status, 200, JSON.stringify(put.json));
    assert.deepEqual([await call('codex'), await call('codex')], [200, 429]);
    const late = await api('PUT', '/api/policies/team%2Fcodex', {request_limit: 9},
      {'if-match': read.headers.etag});
    assert.equal(late.status, 412);
    const [item] = (await proxy.api('/api/budgets/team/summary', {headers: {'x-api-key': admin}}))
      .items.filter((each) => each.policy === 'codex');
    assert.equal(item.requests, 4);
    // Removing it keeps what was recorded.
    assert.equal((await api('DELETE', '/api/policies/team%2Fcodex')).status, 200);
    assert.equal(await call('codex'), 200);
    const records = await api('GET', '/api/usage/records?policy_id=team%2Fcodex');
    assert.equal(records.json.total, 4);
  });

  test('is refused with the words of the configuration, for whom may not, and twice', async () => {
    const wrong = await api('POST', '/api/budgets',
      {name: 'x', policies: [{name: 'p', cost_limit: 1, match: {provider: 'simulatd'}}]});
    assert.equal(wrong.status, 400);
    assert.equal(wrong.json.error.details.problems[0].field, 'policies.0.match.provider');
    assert.match(wrong.json.error.message, /did you mean 'simulated'/);
    assert.equal((await api('POST', '/api/budgets', {name: 'x'}, {key: viewer})).status, 403);
    assert.equal((await api('POST', '/api/budgets', {name: 'x'}, {key: 'nobody'})).status, 401);
    const all = await Promise.all(
      Array.from({length: 8}, () => api('POST', '/api/budgets', {name: 'once'})));
    assert.equal(all.filter(({status}) => status === 201).length, 1);
    assert.equal(all.filter(({json}) => json.error?.code === 'resource_exists').length, 7);
    assert.equal((await api('DELETE', '/api/budgets/once')).status, 200);
    assert.equal((await api('PUT', '/api/budgets/team', {owner: 'me'})).status, 409);
  });
});

describe('an override', () => {
  test('raises a policy of the file and ends by itself', async () => {
    assert.equal(await call('filed'), 200);
    const target = '/api/policies/team%2Fcap/overrides';
    const until = new Date(Date.now() + 2500).toISOString();
    const stopped = await api('POST', target, {cost_limit: '0', until, reason: 'incident'});
    assert.equal(stopped.status, 201, JSON.stringify(stopped.json));
    assert.equal(stopped.json.data.state, 'active');
    assert.deepEqual(new Set(await statuses('filed', 6)), new Set([429]));
    const summary = await api('GET', '/api/budgets/team/summary');
    assert.equal(summary.json.items.find((item) => item.policy === 'cap').override.reason, 'incident');
    await eventually(async () => await call('filed') === 200);
    assert.ok(Date.now() >= Date.parse(until), 'it ended before its time');
    assert.equal((await api('GET', target)).json.items[0].state, 'ended');
  });
});

describe('what the API made and a changed file', () => {
  test('stay together where they can; the rest is skipped, named, and comes back', async () => {
    const put = (config) => proxy.writeConfig(base + config);
    const reloaded = (count) => eventually(
      () => proxy.lines.filter((line) => line.includes('"config_reloaded"')).length >= count);
    assert.equal((await api('POST', '/api/budgets', {name: 'engram', policies: [
      {name: 'none', request_limit: 0, match: {component: 'engram'}}]})).status, 201);
    assert.equal((await api('POST', '/api/policies', {budget_id: 'team', name: 'sophia',
      request_limit: 0, match: {component: 'sophia'}})).status, 201);
    assert.deepEqual([await call('engram'), await call('sophia')], [429, 429]);

    // The file no longer has the budget that the one was added to.
    put('budgets: []');
    await reloaded(1);
    assert.deepEqual([await call('engram'), await call('sophia')], [429, 200]);
    const health = JSON.parse((await proxy.fetch('/health')).body);
    assert.equal(health.status, 'degraded');
    assert.match(health.components.policies.message, /'team\/sophia' is not enforced/);
    await proxy.event('policy_skipped', (line) => line.what.startsWith('team/sophia'));

    put(fileBudget);
    await reloaded(2);
    assert.deepEqual([await call('engram'), await call('sophia')], [429, 429]);
    assert.equal(JSON.parse((await proxy.fetch('/health')).body).status, 'ok');
  });

  test('survive a restart', async () => {
    proxy.process.kill('SIGTERM');
    await proxy.exited;
    const next = new Budget({config: base + fileBudget, folder: proxy.folder});
    next.adminKey = admin;
    proxy = await next.start();
    assert.deepEqual([await call('engram'), await call('sophia')], [429, 429]);
  });
});

describe('the commands', () => {
  const run = (...words) => new Promise((resolve) => {
    const env = {...process.env, BUDGET_URL: proxy.url, BUDGET_API_KEY: operator};
    execFile(binary, words, {env}, (error, stdout, stderr) =>
      resolve({code: error?.code ?? 0, stdout, stderr}));
  });

  test('set-limit makes, changes and overrides a policy; simulate tries one', async () => {
    assert.equal(await call('metis'), 200);
    const made = await run('set-limit', 'metis/calls', '--requests', '1', '--component', 'metis');
    assert.deepEqual([made.code, made.stdout], [0, 'metis/calls is made, in a new budget\n']);
    assert.deepEqual([await call('metis'), await call('metis')], [200, 429]);
    assert.equal((await run('set_limit', 'metis/calls', '--requests', '2')).code, 0);
    assert.deepEqual([await call('metis'), await call('metis')], [200, 429]);
    const file = await run('set-limit', 'team/cap', '--cost', '9');
    assert.equal(file.code, 1);
    assert.match(file.stderr, /configuration file/);
    assert.equal((await run('set-limit', 'team/cap', '--cost', '9', '--until', '1h',
                            '--reason', 'launch')).code, 0);
    assert.equal((await run('set-limit', 'nonsense', '--cost', '9')).code, 2);
    const tried = await run('simulate', '--last', '1h', '--policy', 'metis/calls', '--requests', '0',
                            '--component', 'metis', '--format', 'json');
    assert.equal(tried.code, 0, tried.stderr);
    const metis = JSON.parse(tried.stdout).components.find((item) => item.component === 'metis');
    assert.deepEqual([metis.calls, metis.denied], [3, 3]);
  });
});
