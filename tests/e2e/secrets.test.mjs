// What must not cross the proxy (G5), what must not slip past it (G7), and the
// request's id.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {answerChat, chatBody, chatPath, jsonType, startPlane} from './lib/plane.mjs';
import {reply} from './lib/provider.mjs';

const secret = 'sk-provider-SECRET-0123456789';
const callersOwn = 'sk-callers-OWN-SECRET-987654';

let plane;
before(async () => {
  plane = await startPlane({
    logLevel: 'debug', env: {TEST_PROVIDER_KEY: secret},
    provider: 'key: "${TEST_PROVIDER_KEY}", headers: {x-team: blue}',
    config: `
  azure: {format: openai, url: "http://127.0.0.1:1", key: "\${TEST_PROVIDER_KEY}"}`});
});
after(() => plane?.close());
beforeEach(() => {
  plane.script.answer = answerChat;
  plane.provider.requests.length = 0;
});

const post = (path, headers, body = chatBody) => plane.budget.post(path, body, headers);
const anthropicBody = {model: 'claude-3-5-haiku-20241022', max_tokens: 5,
                       messages: [{role: 'user', content: 'x'}]};
const seen = () => JSON.stringify(plane.provider.requests.map(
  ({target, rawHeaders, body}) => [target, rawHeaders, body.toString('latin1')]));

describe('keys', () => {
  for (const header of ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key']) {
    test(`the provider's key replaces the caller's ${header}`, async () => {
      const value = header === 'authorization' ? `Bearer ${callersOwn}` : callersOwn;
      assert.equal((await post(chatPath, {[header]: value})).status, 200);
      const [request] = plane.provider.requests;
      assert.equal(request.headers.authorization, `Bearer ${secret}`);
      assert.ok(!seen().includes(callersOwn));
    });
  }

  test(`the provider's key replaces the caller's ?key=`, async () => {
    assert.equal((await post(`${chatPath}?key=${callersOwn}&a=b`)).status, 200);
    assert.equal(plane.provider.requests[0].target, '/v1/chat/completions?a=b');
  });

  test(`a caller's own key passes where none is configured`, async () => {
    await post('/anthropic/v1/messages', {'x-api-key': callersOwn}, anthropicBody);
    assert.equal(plane.provider.requests[0].headers['x-api-key'], callersOwn);
    await post('/gemini/v1beta/models/gemini-2.5-flash:generateContent?key=' + callersOwn, {},
               {contents: [{parts: [{text: 'x'}]}]});
    assert.ok(plane.provider.requests[1].target.endsWith(`?key=${callersOwn}`));
  });

  test('a proxy key never leaves, known or not', async () => {
    const key = 'bk_0123456789abcdef_0123456789abcdefghijklmnopqrstuvwxyzABCDEF';
    for (const path of [chatPath, '/anthropic/v1/messages']) {
      const answer = await post(path, {authorization: `Bearer ${key}`}, anthropicBody);
      assert.equal(answer.status, 401);
      const byQuery = await post(`${path}?key=${key}`, {}, anthropicBody);
      assert.equal(byQuery.status, 401);
    }
    assert.equal(plane.provider.requests.length, 0);
  });

  test('no key shows in an answer, a log line, the API or the metrics', async () => {
    plane.script.answer = (request, socket) => socket.destroy();
    const broken = await post(chatPath, {authorization: `Bearer ${callersOwn}`});
    assert.equal(broken.status, 502);
    const {budget} = plane;
    const admin = {headers: {'x-api-key': budget.adminKey}};
    const texts = [broken.body.toString(), JSON.stringify(broken.headers), budget.lines.join('\n'),
                   JSON.stringify(await budget.records())];
    for (const path of ['/api/providers', '/health', '/metrics', '/api/keys', '/api/budgets']) {
      texts.push((await budget.fetch(path, admin)).body.toString());
    }
    for (const text of texts) {
      assert.ok(!text.includes(secret) && !text.includes(callersOwn) && !text.includes(budget.adminKey), text);
    }
  });
});

describe('what is the proxy\'s own', () => {
  test('labels, steering and hop-by-hop fields do not reach the provider', async () => {
    const answer = await post('/@apollo;task_type=coding' + chatPath, {
      'X-Budget-User': 'ann', 'x-budget-tags': 'team=red', 'X-Budget-Anything': 'x',
      'X-Simulate-Latency-Ms': '1', te: 'trailers', 'proxy-authorization': 'Basic eDp5',
      connection: 'keep-alive, x-mine', 'x-mine': '1', 'keep-alive': 'timeout=5', upgrade: 'h2c'});
    assert.equal(answer.status, 200);
    const [request] = plane.provider.requests;
    assert.equal(request.target, '/v1/chat/completions');
    const names = request.rawHeaders.map(([name]) => name.toLowerCase());
    assert.deepEqual(names.filter((name) => /budget|simulate|^te$|proxy|mine|keep-alive|upgrade|connection/.test(name)), []);
    assert.doesNotMatch(seen(), /apollo|ann|team=red/);
    const record = await plane.record(answer.headers['x-budget-request-id']);
    assert.deepEqual([record.component, record.task_type, record.user], ['apollo', 'coding', 'ann']);
  });

  test('everything else does, in order, with its case and its duplicates', async () => {
    const fields = ['X-First', 'a', 'x-SECOND', 'b', 'X-First', 'c', 'User-Agent', 'test/1',
                    'OpenAI-Organization', 'org', 'Accept', 'a/b', 'Cookie', 'c=1'];
    const {default: http} = await import('node:http');
    await new Promise((resolve, reject) => {
      const request = http.request(plane.budget.url + chatPath, {method: 'POST', agent: false,
        headers: [...fields, 'content-type', 'application/json', 'content-length', chatBody.length,
                  'host', 'whatever']}, (answer) => answer.resume().on('end', resolve));
      request.on('error', reject).end(chatBody);
    });
    const [request] = plane.provider.requests;
    const passed = request.rawHeaders.filter(([name]) => fields.includes(name)).flat();
    assert.deepEqual(passed, fields);
    assert.equal(request.headers.host, `127.0.0.1:${plane.provider.port}`);
    assert.equal(request.headers['x-team'], 'blue');
    assert.equal(request.body.toString(), chatBody);
  });

  test('a configured field replaces the caller\'s', async () => {
    await post(chatPath, {'X-Team': 'red'});
    assert.deepEqual(plane.provider.requests[0].rawHeaders.filter(([name]) => /x-team/i.test(name)),
                     [['x-team', 'blue']]);
  });
});

describe('x-request-id', () => {
  test('is ours where the caller set none', async () => {
    const answer = await post(chatPath);
    const id = answer.headers['x-budget-request-id'];
    assert.match(id, /^req_[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.equal(plane.provider.requests[0].headers['x-request-id'], id);
  });

  test('is the caller\'s where it set one', async () => {
    const answer = await post(chatPath, {'X-Request-Id': 'mine-1'});
    assert.deepEqual(plane.provider.requests[0].rawHeaders.filter(([name]) => /^x-request-id$/i.test(name)),
                     [['X-Request-Id', 'mine-1']]);
    assert.notEqual(answer.headers['x-budget-request-id'], 'mine-1');
  });

  test('of the provider\'s answer passes and is recorded', async () => {
    plane.script.answer = (request, socket) => {
      reply(socket, 200, {...jsonType, 'x-request-id': 'theirs-7'}, '{}');
    };
    const answer = await post(chatPath);
    assert.equal(answer.headers['x-request-id'], 'theirs-7');
    const record = await plane.record(answer.headers['x-budget-request-id']);
    assert.equal(record.upstream_request_id, 'theirs-7');
  });
});

describe('paths that cannot be metered', () => {
  let passing;
  before(async () => {
    passing = await startPlane({provider: 'key: k, unmetered: pass'});
  });
  after(() => passing?.close());

  for (const [method, path] of [['POST', '/openai/v1/batches'], ['POST', '/openai/v1/files'],
    ['POST', '/openai/v1/fine_tuning/jobs'], ['POST', '/openai/v1/assistants'],
    ['POST', '/openai/v1/realtime/sessions'], ['PUT', '/openai/v1/anything'],
    ['PATCH', '/openai/v1/anything'], ['POST', '/openai/v1/unknown'], ['GET', '/openai/v1/realtime']]) {
    test(`${method} ${path} is refused`, async () => {
      const answer = await plane.budget.fetch(path, {method, headers: jsonType, body: '{}'});
      assert.equal(answer.status, 403);
      assert.equal(JSON.parse(answer.body).error.code, 'unmetered_path');
      assert.equal(plane.provider.requests.length, 0);
    });
  }

  test('are refused in the words of their provider', async () => {
    const answer = await post('/anthropic/v1/messages/batches', {}, {});
    assert.deepEqual([answer.status, JSON.parse(answer.body).error.type], [403, 'permission_error']);
  });

  test('pass where the provider says so, and are recorded as unpriced', async () => {
    passing.script.answer = (request, socket) => reply(socket, 201, jsonType, '{"id":"batch_1"}');
    const answer = await passing.budget.post('/openai/v1/batches', {input_file_id: 'f'},
                                             {'x-budget-user': 'ann'});
    assert.equal(answer.status, 201);
    assert.equal(answer.body.toString(), '{"id":"batch_1"}');
    const record = await passing.record(answer.headers['x-budget-request-id']);
    assert.deepEqual([record.provider, record.status, record.user, record.unpriced, record.total_cost_nano],
                     ['openai', 201, 'ann', true, 0]);
  });

  test('are recorded when their provider fails, too', async () => {
    passing.script.answer = (request, socket) => socket.destroy();
    const answer = await passing.budget.post('/openai/v1/batches', {});
    assert.equal(answer.status, 502);
    const record = await passing.record(answer.headers['x-budget-request-id']);
    assert.deepEqual([record.unpriced, record.error], [true, 'upstream_broken']);
  });

  test('that cost nothing pass and leave no record', async () => {
    plane.script.answer = (request, socket) => reply(socket, 200, jsonType, '{"data":[]}');
    const known = (await plane.budget.records()).length;
    for (const [method, path] of [['GET', '/openai/v1/models'], ['DELETE', '/openai/v1/files/f1'],
                                  ['POST', '/openai/v1/moderations'], ['POST', '/anthropic/v1/messages/count_tokens']]) {
      const answer = await plane.budget.fetch(path, {method, headers: jsonType, body: method === 'POST' ? '{}' : undefined});
      assert.equal(answer.status, 200, path);
    }
    assert.equal(plane.provider.requests.length, 4);
    assert.equal((await plane.budget.records()).length, known);
  });
});
