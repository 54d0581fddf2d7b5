// Prices that change while the program runs: sources, history, statements.
import {after, before, describe, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import {Budget, binary, temporaryFolder} from './lib/budget.mjs';

// A server of price lists; `answer(res)` is the test's to replace.
async function startList(answer) {
  const list = {answer, requests: 0};
  const server = http.createServer((req, res) => {
    list.requests++;
    res.on('error', () => {});
    list.answer(res, req);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  list.url = `http://127.0.0.1:${server.address().port}/prices.json`;
  list.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return list;
}

const send = (body, status = 200) => (res) => {
  res.writeHead(status, {'content-type': 'application/json'});
  res.end(typeof body === 'string' ? body : JSON.stringify(body));
};

// US dollars per million tokens, in LiteLLM's form and in models.dev's.
const litellm = (models) => Object.fromEntries(Object.entries(models).map(([model, [input, output]]) => [
  model, {litellm_provider: 'simulated', mode: 'chat',
          input_cost_per_token: input / 1e6, output_cost_per_token: output / 1e6}]));
const modelsDev = (models) => ({simulated: {id: 'simulated', models: Object.fromEntries(
  Object.entries(models).map(([model, [input, output]]) => [model, {cost: {input, output}}]))}});

const chat = (model) => ({model, max_tokens: 8, messages: [{role: 'user', content: 'hello'}]});

async function call(budget, model, headers = {}) {
  const answer = await budget.post('/simulated/v1/chat/completions', chat(model), headers);
  assert.equal(answer.status, 200, answer.body.toString());
  return answer.headers['x-budget-request-id'];
}

async function recordOf(budget, id) {
  return budget.api(`/api/usage/records/${id}`);
}

const post = (budget, target, body = {}, headers = {}) => budget.api(target, {
  method: 'POST', body: JSON.stringify(body), headers: {'content-type': 'application/json', ...headers}});
const put = (budget, target, body, headers = {}) => budget.api(target, {
  method: 'PUT', body: JSON.stringify(body), headers: {'content-type': 'application/json', ...headers}});

const raw = (budget, method, target, {body, key = budget.adminKey, headers = {}} = {}) =>
  budget.fetch(target, {method, body: body === undefined ? undefined : JSON.stringify(body),
                        headers: {...(key ? {'x-api-key': key} : {}), ...headers}});
const code = (answer) => JSON.parse(answer.body.toString()).error?.code;

describe('price sources', () => {
  let first, second, budget;
  before(async () => {
    first = await startList(send(litellm({'sim-large': [3, 15], 'new-model': [1, 2]})));
    second = await startList(send(modelsDev({'sim-large': [3, 15]})));
    budget = await new Budget({config: `
providers: {simulated: {format: simulated}}
prices:
  tolerance: 0.01
  sources:
    - {name: first, format: litellm, url: "${first.url}", refresh: 24h, trust: 0.9}
    - {name: second, format: models_dev, url: "${second.url}", refresh: 24h, trust: 0.5}
`}).start();
  });
  after(async () => {
    await budget?.stop();
    await first?.close();
    await second?.close();
  });
  const current = async (model) => (await post(budget, '/api/prices/current', {provider: 'simulated', model}));
  const rate = (found, name) => found.price.rates.usd_per_million_tokens[name];

  test('are read at the start, agree, and make a new model known', async () => {
    const update = await post(budget, '/api/prices/update');
    assert.deepEqual(update.sources.map((source) => [source.name, source.status, source.models]),
                     [['first', 'ok', 2], ['second', 'ok', 1]]);
    assert.equal(update.conflicts_total, 0);
    const large = await current('sim-large');
    assert.equal(rate(large, 'input'), '3');
    assert.equal(large.price.verified, true);
    assert.equal(rate(await current('new-model'), 'output'), '2');
    const sources = await budget.api('/api/prices/sources');
    assert.deepEqual(sources.items.map((source) => [source.name, source.status]),
                     [['first', 'ok'], ['second', 'ok']]);
  });

  test('change a price by 40 %: calls before it cost as before, calls after it as now', async () => {
    await put(budget, '/api/prices/simulated/sim-small', {input: '1', output: '2'});
    const old = await current('new-model');
    // Admitted before the change, answered after it.
    const held = budget.post('/simulated/v1/chat/completions', chat('new-model'),
                             {'x-simulate-latency-ms': '1500'});
    while (!(await budget.fetch('/metrics')).body.toString().includes('budget_holds_open 1\n')) {
      await new Promise(setImmediate);
    }
    first.answer = send(litellm({'sim-large': [3, 15], 'new-model': [1.4, 2.8]}));
    const update = await post(budget, '/api/prices/update', {source: 'first'});
    assert.equal(update.changed, 1);
    assert.equal(update.changes[0].model, 'new-model');
    assert.equal(update.changes[0].change_percent, 40);
    const id = await call(budget, 'new-model');
    const heldId = (await held).headers['x-budget-request-id'];
    const [before, now] = [await recordOf(budget, heldId), await recordOf(budget, id)];
    assert.equal(before.price_id, old.price_id);
    assert.equal(before.output_cost_nano, before.output_tokens * 2000);
    assert.notEqual(now.price_id, old.price_id);
    assert.equal(now.output_cost_nano, now.output_tokens * 2800);
    const history = await budget.api('/api/prices/history/simulated/new-model');
    assert.deepEqual(history.items.map((row) => row.rates.usd_per_million_tokens.input), ['1.4', '1']);
    assert.equal(history.items[0].price_id, now.price_id);
    assert.ok(Date.parse(history.items[0].effective_from) >= Date.parse(history.items[1].effective_from));
    // What was called before the change is priced so also when it is told late.
    const late = await raw(budget, 'POST', '/api/usage/record', {body: {
      provider: 'simulated', model: 'new-model', input_tokens: 1000, output_tokens: 0,
      timestamp: new Date(Date.parse(history.items[1].effective_from) - 1000).toISOString()}});
    assert.equal(late.status, 201, late.body.toString());
    assert.equal(JSON.parse(late.body).data.record.total_cost_nano, 1_000_000);
  });

  test('that disagree: the most trusted wins, unverified, and the conflict is told', async () => {
    second.answer = send(modelsDev({'sim-large': [4, 15]}));
    const update = await post(budget, '/api/prices/update');
    assert.equal(update.conflicts_total, 1);
    assert.deepEqual(update.conflicts[0].sources.map((side) => side.source), ['first', 'second']);
    const found = await current('sim-large');
    assert.equal(rate(found, 'input'), '3');
    assert.equal(found.price.verified, false);
  });

  for (const [what, answer, error] of [
    ['is down', (res) => res.destroy(), /no answer/],
    ['answers with an error', send('no', 503), /status 503/],
    ['sends garbage', send('<html>hello</html>'), /list/],
    ['sends a cut list', send('{"a": {"litellm_provider": "simulated", "input_cost'), /list/],
    ['sends a list without prices', send({}), /no price/],
    ['redirects', (res) => res.writeHead(302, {location: 'http://127.0.0.1/'}).end(), /redirects are not followed/],
  ]) {
    test(`one that ${what} changes nothing, and is told of`, async () => {
      first.answer = answer;
      const update = await post(budget, '/api/prices/update', {source: 'first'});
      assert.equal(update.sources[0].status, 'failing');
      assert.match(update.sources[0].error, error);
      assert.equal(update.changed + update.added, 0);
      assert.equal(rate(await current('new-model'), 'input'), '1.4');
      const health = JSON.parse((await budget.fetch('/health')).body);
      assert.equal(health.status, 'degraded');
      assert.match(health.components.prices.message, /^first: /);
      const sources = await budget.api('/api/prices/sources');
      assert.equal(sources.items[0].status, 'failing');
      assert.ok(sources.items[0].succeeded_at);
    });
  }

  test('one that sends 500 MB is cut off, in bounded memory', async () => {
    let sent = 0;
    const piece = Buffer.alloc(1 << 20, ' ');
    first.answer = (res) => {
      res.writeHead(200, {'content-type': 'application/json'});
      const more = () => {
        while (sent < 500 << 20) {
          sent += piece.length;
          if (!res.write(piece)) return void res.once('drain', more);
        }
        res.end();
      };
      more();
    };
    const before = budget.memory();
    const update = await post(budget, '/api/prices/update', {source: 'first'});
    assert.equal(update.sources[0].status, 'failing');
    assert.match(update.sources[0].error, /larger than \d+ bytes/);
    assert.ok(sent < 200 << 20, `${sent} bytes were taken`);
    assert.ok(budget.memory() - before < 150 << 20, `${budget.memory() - before} bytes more`);
    assert.equal(rate(await current('new-model'), 'input'), '1.4');
  });

  test('one that comes back is well again', async () => {
    first.answer = send(litellm({'sim-large': [3, 15], 'new-model': [1.4, 2.8]}));
    await post(budget, '/api/prices/update', {source: 'first'});
    const health = JSON.parse((await budget.fetch('/health')).body);
    assert.equal(health.components.prices.status, 'ok');
  });

  test('what looks like a mistake in units is held back', async () => {
    first.answer = send(litellm({'sim-large': [3, 15], 'new-model': [1400, 2800]}));
    const update = await post(budget, '/api/prices/update', {source: 'first'});
    assert.equal(update.changed, 0);
    assert.ok(update.conflicts.some((conflict) => conflict.held_back && conflict.model === 'new-model'));
    assert.equal(rate(await current('new-model'), 'input'), '1.4');
    first.answer = send(litellm({'sim-large': [3, 15], 'new-model': [1.4, 2.8]}));
    await post(budget, '/api/prices/update', {source: 'first'});
  });

  test('prices outlive a crash and need no source for it', async () => {
    const {price_id: id} = await current('new-model');
    await budget.kill();
    await budget.start();
    assert.equal((await current('new-model')).price_id, id);
    const asked = first.requests;
    const record = await recordOf(budget, await call(budget, 'new-model'));
    assert.equal(record.price_id, id);
    assert.equal(first.requests, asked, 'it is not due before a day has passed');
  });
});

describe('a stated price', () => {
  let budget, folder;
  before(async () => {
    folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'list.json'), JSON.stringify(litellm({'sim-small': [0.3, 0.6]})));
    budget = await new Budget({folder, config: `
providers: {simulated: {format: simulated}, off: {format: simulated}}
admin: {keys: [{name: v, role: viewer, key: "a-viewer-key-of-at-least-32-characters"},
               {name: o, role: operator, key: "an-operator-key-of-at-least-32-characters"}]}
prices:
  adjust: {"simulated/*": 0.5}
  sources: [{name: file, format: litellm, file: "${path.join(folder, 'list.json')}"}]
`});
    // The keys are configured, so that none is generated.
    fs.mkdirSync(path.join(folder, 'data'));
    fs.writeFileSync(path.join(folder, 'data/admin.key'), 'an-operator-key-of-at-least-32-characters');
    await budget.start();
  });
  after(() => budget?.stop());
  const target = '/api/prices/simulated/sim-small';

  test('goes before the source, is paid as stated, and can be taken back', async () => {
    await post(budget, '/api/prices/update');
    const stated = await raw(budget, 'PUT', target, {body: {input: 1.25, output: '2.5', reason: 'contract'}});
    assert.equal(stated.status, 200, stated.body.toString());
    const record = await recordOf(budget, await call(budget, 'sim-small'));
    assert.equal(record.output_cost_nano, record.output_tokens * 2500);
    const got = await budget.api(target);
    assert.equal(got.stated.by, 'o');
    assert.equal(got.stated.reason, 'contract');
    assert.equal(got.in_force.match, 'override');
    const gone = await raw(budget, 'DELETE', target);
    assert.equal(gone.status, 200);
    const found = await post(budget, '/api/prices/current', {provider: 'simulated', model: 'sim-small'});
    assert.equal(found.price.rates.usd_per_million_tokens.input, '0.3');
    assert.equal(found.adjust, 0.5);
    const history = await budget.api('/api/prices/history/simulated/sim-small');
    assert.deepEqual(history.items.slice(0, 2).map((row) => row.source), ['file', 'manual']);
    assert.equal((await raw(budget, 'DELETE', target)).status, 404);
  });

  test('of a model that nobody knows makes it callable, and its end unknown again', async () => {
    const house = '/api/prices/simulated/house%2Fmodel';
    const denied = () => budget.post('/simulated/v1/chat/completions', chat('house/model'));
    assert.equal((await denied()).status, 403);
    await put(budget, house, {input: '1', output: '1'});
    assert.equal((await denied()).status, 200);
    await raw(budget, 'DELETE', house);
    assert.equal((await denied()).status, 403);
  });

  test('is changed only by who has seen the latest one', async () => {
    const first = await raw(budget, 'PUT', target, {body: {input: '1', output: '1'}});
    const etag = first.headers.etag;
    assert.match(etag, /^"\d+"$/);
    const [a, b] = await Promise.all(['2', '3'].map((input) => raw(budget, 'PUT', target,
      {body: {input, output: '1'}, headers: {'if-match': etag}})));
    assert.deepEqual([a.status, b.status].sort(), [200, 412]);
    assert.equal((await raw(budget, 'DELETE', target, {headers: {'if-match': etag}})).status, 412);
    assert.equal((await raw(budget, 'DELETE', target, {headers: {'if-match': 'nonsense'}})).status, 412);
    assert.equal((await raw(budget, 'DELETE', target)).status, 200);
  });

  test('is refused where it is no price', async () => {
    for (const body of [{}, {input: '1'}, {output: '1'}, {input: '-1', output: '1'}, {input: 'x', output: '1'},
                        {input: '0.0000001', output: '1'}, {input: '1', output: '1', other: 1},
                        {input: [], output: '1'}, {reason: 'why'}]) {
      const answer = await raw(budget, 'PUT', target, {body});
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.equal(code(answer), 'invalid_request');
    }
    assert.equal((await raw(budget, 'PUT', '/api/prices/simulated/a%20b', {body: {input: '1', output: '1'}})).status, 400);
  });

  test('every route tells the unauthorised and the wrong roles apart', async () => {
    const viewer = 'a-viewer-key-of-at-least-32-characters';
    for (const [method, path, role] of [
      ['GET', '/api/prices/sources', 'viewer'], ['POST', '/api/prices/update', 'operator'],
      ['GET', '/api/prices/history/simulated/sim-small', 'viewer'], ['GET', target, 'viewer'],
      ['PUT', target, 'operator'], ['DELETE', target, 'operator']]) {
      assert.equal((await raw(budget, method, path, {key: null})).status, 401, path);
      assert.equal((await raw(budget, method, path, {key: 'wrong-key-that-is-long-enough-to-be-one'})).status, 401);
      const seen = await raw(budget, method, path, {key: viewer});
      if (role === 'viewer') assert.equal(seen.status, 200, path + seen.body);
      else assert.equal(code(seen), 'authorization_error', path);
    }
    assert.equal((await raw(budget, 'GET', '/api/prices/history/simulated/none')).status, 404);
    assert.equal((await raw(budget, 'GET', '/api/prices/simulated/none')).status, 404);
    assert.equal((await raw(budget, 'GET', '/api/prices/sources?limit=0')).status, 400);
    assert.equal((await raw(budget, 'POST', '/api/prices/update', {body: {source: 'none'}})).status, 404);
    assert.equal((await raw(budget, 'POST', '/api/prices/update', {body: {sources: 1}})).status, 400);
  });

  test('a source that is configured while it runs is read at once', async () => {
    fs.writeFileSync(path.join(folder, 'other.json'), JSON.stringify(modelsDev({'brand-new': [7, 8]})));
    budget.writeConfig(`
providers: {simulated: {format: simulated}}
admin: {keys: [{name: o, role: operator, key: "an-operator-key-of-at-least-32-characters"}]}
prices: {sources: [{name: other, format: models_dev, file: "${path.join(folder, 'other.json')}"}]}
`);
    await budget.event('config_reloaded');
    const deadline = Date.now() + 10_000;
    for (;;) {
      const answer = await raw(budget, 'POST', '/api/prices/current', {body: {provider: 'simulated', model: 'brand-new'}});
      if (answer.status === 200) break;
      assert.ok(Date.now() < deadline, 'it was not read');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});

describe('budget prices', () => {
  test('update tells its progress and a diff; history, set and unset do as they say', async () => {
    const list = await startList(send(litellm({'sim-small': [0.3, 0.6]})));
    const budget = await new Budget({config: `
providers: {simulated: {format: simulated}}
prices: {sources: [{name: mine, format: litellm, url: "${list.url}"}]}
`}).start();
    const run = (args) => new Promise((resolve) => {
      const child = spawn(binary, args, {env: {...process.env, BUDGET_URL: budget.url, BUDGET_API_KEY: budget.adminKey}});
      const out = {stdout: '', stderr: ''};
      for (const name of ['stdout', 'stderr']) child[name].on('data', (text) => { out[name] += text; });
      child.on('close', (status) => resolve({status, ...out}));
    });
    try {
      await post(budget, '/api/prices/update');
      list.answer = send(litellm({'sim-small': [0.42, 0.6]}));
      const update = await run(['prices', 'update']);
      assert.equal(update.status, 0, update.stderr);
      assert.match(update.stderr, /mine: 1 prices/);
      assert.match(update.stdout, /sim-small .*→.*\+40\.0% +mine/);
      assert.match(update.stdout, /1 changed, 0 new, 0 disputed/);
      assert.equal(JSON.parse((await run(['prices', 'update', '--format', 'json'])).stdout).changed, 0);
      const history = await run(['prices', 'history', 'simulated', 'sim-small']);
      assert.match(history.stdout, /mine/);
      assert.equal((await run(['prices', 'set', 'simulated', 'sim-small', '--input', '1', '--output', '2'])).status, 0);
      assert.equal((await budget.api('/api/prices/simulated/sim-small')).stated.rates.usd_per_million_tokens.output, '2');
      assert.match((await run(['prices', 'unset', 'simulated', 'sim-small'])).stdout, /by its sources again/);
      list.answer = (res) => res.destroy();
      const failed = await run(['prices', 'update']);
      assert.equal(failed.status, 1);
      assert.match(failed.stderr, /could not be read: mine: /);
    } finally {
      await budget.stop();
      await list.close();
    }
  });
});
