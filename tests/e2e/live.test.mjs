// The live feed as a WebSocket client sees it.
import assert from 'node:assert/strict';
import net from 'node:net';
import {after, before, test} from 'node:test';
import WebSocket from 'ws';
import {Budget} from './lib/budget.mjs';

let budget;
const config = `
providers: {simulated: {format: simulated}}
prices: {unknown_model: {input: 1.00, output: 2.00}}
budgets:
  - name: team
    policies:
      - {name: cap, type: hard_limit, period: daily, cost_limit: 0.01, match: {component: capped}}
      - {name: all, type: warn, period: daily, token_limit: 100000000}
admin:
  keys:
    - {name: eye, role: viewer, key: viewer-key-of-at-least-32-characters}
    - {name: hand, role: operator, key: operator-key-of-at-least-32-characters}
    - {name: root, role: admin, key: admin-key-that-is-at-least-32-characters}
`;
const key = {viewer: 'viewer-key-of-at-least-32-characters',
             operator: 'operator-key-of-at-least-32-characters',
             admin: 'admin-key-that-is-at-least-32-characters'};

before(async () => {
  budget = await new Budget({config, tls: true, adminKey: key.admin}).start();
});
after(() => budget.stop());

// A client that keeps what it is told, and can wait for it.
class Client {
  constructor(path, {role = 'viewer', headers, url = budget.url, options = {}} = {}) {
    this.messages = [];
    this.waiting = [];
    const shown = headers ?? (role ? {'x-api-key': key[role]} : {});
    this.socket = new WebSocket(url.replace('http', 'ws') + path,
                                {headers: shown, ca: budget.ca, ...options});
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', resolve);
      this.socket.on('unexpected-response', (_request, answer) => {
        reject(Object.assign(new Error(`status ${answer.statusCode}`), {status: answer.statusCode}));
        answer.resume();
      });
      this.socket.on('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => this.socket.on('close', (code, why) => {
      resolve({code, why: why.toString()});
      for (const {fail} of this.waiting.splice(0)) fail(new Error(`closed: ${code} ${why}`));
    }));
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(data.toString()));
      for (const {look} of [...this.waiting]) look();
    });
  }
  // The first message, past or to come, that `accept` takes.
  next(accept) {
    return new Promise((resolve, reject) => {
      const waiter = {fail: reject, look: () => {
        const found = this.messages.find(accept);
        if (!found) return false;
        this.waiting = this.waiting.filter((other) => other !== waiter);
        resolve(found);
        return true;
      }};
      if (!waiter.look()) this.waiting.push(waiter);
    });
  }
  async ready() {
    await this.opened;
    return this.next((message) => message.type === 'heartbeat');
  }
  say(message) { this.socket.send(typeof message === 'string' ? message : JSON.stringify(message)); }
  close() { this.socket.close(); return this.closed; }
}

const call = (component, headers = {}) => budget.post('/simulated/v1/chat/completions',
  {model: 'gpt-4o', max_tokens: 20, messages: [{role: 'user', content: 'Tell me something.'}]},
  {'x-budget-component': component, ...headers});

test('a call that ends is told as usage_record, and its counters as budget_update', async () => {
  const client = new Client('/ws/budget/updates');
  const first = await client.ready();
  assert.equal(first.topic, 'updates');
  assert.equal(first.data.role, 'viewer');
  const answer = await call('seen');
  assert.equal(answer.status, 200);
  const id = answer.headers['x-budget-request-id'];
  const record = await client.next((m) => m.type === 'usage_record' && m.data.request_id === id);
  assert.equal(record.data.component, 'seen');
  assert.equal(record.data.decision, 'allow');
  assert.ok(record.id > first.id);
  assert.match(record.timestamp, /^\d{4}-\d\d-\d\dT.*Z$/);
  const kept = await budget.api(`/api/usage/records/${id}`);
  assert.equal(record.data.total_cost_nano, kept.total_cost_nano);
  const update = await client.next((m) => m.type === 'budget_update' && m.data.requests > 0);
  assert.equal(update.data.policy_id, 'team/all');
  assert.equal(update.data.budget_id, 'team');
  const [summary] = (await budget.api('/api/budgets/team/summary')).items
    .filter((item) => item.policy_id === 'team/all');
  assert.equal(update.data.limits.tokens, summary.limits.tokens);
  await client.close();
});

test('what is refused is told with the reason, and many of the same as one', async () => {
  const client = new Client('/ws/budget/updates');
  await client.ready();
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const answer = await budget.post('/simulated/v1/chat/completions',
      {model: 'gpt-4o', max_tokens: 16000, messages: [{role: 'user', content: 'x'.repeat(400)}]},
      {'x-budget-component': 'capped'});
    if (answer.status === 429) refused++;
  }
  assert.equal(refused, 40);
  const told = () => client.messages
    .filter((m) => m.type === 'usage_record' && m.data.decision === 'deny')
    .reduce((sum, m) => sum + m.data.calls, 0);
  await client.next(() => told() >= 40);
  assert.equal(told(), 40);
  const event = client.messages.find((m) => m.data.decision === 'deny');
  assert.equal(event.data.error, 'budget_exceeded');
  assert.match(event.data.message, /cap/);
  assert.ok(client.messages.filter((m) => m.data.decision === 'deny').length < 40);
  await client.close();
});

test('a key is shown by header, bearer or first message, and nothing is told without', async () => {
  const bearer = new Client('/ws/budget/alerts', {headers: {authorization: `Bearer ${key.operator}`}});
  assert.equal((await bearer.ready()).data.role, 'operator');
  await bearer.close();

  const said = new Client('/ws/budget/updates', {role: null});
  await said.opened;
  await call('before-auth');
  assert.deepEqual(said.messages, []);
  said.say({type: 'auth', token: key.viewer});
  assert.equal((await said.ready()).data.name, 'eye');
  assert.equal(said.messages.some((m) => m.data.component === 'before-auth'), false);
  await said.close();

  const wrong = new Client('/ws/budget/updates', {role: null});
  await wrong.opened;
  wrong.say({type: 'auth', token: 'not-a-key-but-long-enough-to-be-one-0123'});
  assert.equal((await wrong.closed).code, 1008);
  assert.equal(wrong.messages[0].type, 'error');

  const other = new Client('/ws/budget/updates', {role: null});
  await other.opened;
  other.say({type: 'team_message', data: {text: 'let me in'}});
  assert.equal((await other.closed).code, 1008);

  const bad = new Client('/ws/budget/updates', {headers: {'x-api-key': 'x'.repeat(40)}});
  await assert.rejects(bad.opened, {status: 401});
  // A proxy key is no admin key.
  const made = await budget.fetch('/api/keys', {method: 'POST', headers: {'x-api-key': key.admin},
                                                body: JSON.stringify({name: 'llm'})});
  const secret = JSON.parse(made.body).data.key;
  const llm = new Client('/ws/budget/updates', {headers: {authorization: `Bearer ${secret}`}});
  await assert.rejects(llm.opened, {status: 401});
});

test('an allocation is told when it is made and when it is released', async () => {
  const client = new Client('/ws/budget/allocations');
  await client.ready();
  const made = await budget.fetch('/api/allocations', {method: 'POST', headers: {'x-api-key': key.admin},
    body: JSON.stringify({context_id: 'c1', tokens_allocated: 1000, component: 'seen', provider: 'simulated',
                          model: 'gpt-4o'})});
  assert.equal(made.status, 201, made.body.toString());
  const id = JSON.parse(made.body).data.allocation_id;
  const first = await client.next((m) => m.type === 'allocation_update' && m.data.state === 'active');
  assert.equal(first.data.allocation_id, id);
  assert.equal(first.data.tokens_allocated, 1000);
  await budget.fetch(`/api/allocations/${id}/release`, {method: 'POST', headers: {'x-api-key': key.admin}});
  const last = await client.next((m) => m.type === 'allocation_update' && m.data.state === 'released');
  assert.equal(last.data.allocation_id, id);
  await client.close();
});

test('an unknown topic, no upgrade and a bad query are refused as HTTP', async () => {
  await assert.rejects(new Client('/ws/budget/nothing').opened, {status: 404});
  await assert.rejects(new Client('/ws/budget/updates?last_event_id=no').opened, {status: 400});
  const plain = await budget.fetch('/ws/budget/updates', {headers: {'x-api-key': key.viewer}});
  assert.equal(plain.status, 426);
  assert.equal(plain.headers.upgrade, 'websocket');
  assert.equal(JSON.parse(plain.body).error.code, 'invalid_request');
});

test('a client that comes back is told what it missed, or that it missed something', async () => {
  const client = new Client('/ws/budget/updates');
  await client.ready();
  await call('one');
  const last = await client.next((m) => m.type === 'usage_record' && m.data.component === 'one');
  await client.next((m) => m.type === 'budget_update' && m.id > last.id);
  const from = client.messages.at(-1).id;
  await client.close();
  await call('two');
  const again = new Client(`/ws/budget/updates?last_event_id=${from}`);
  await again.next((m) => m.type === 'usage_record' && m.data.component === 'two');
  assert.equal(again.messages.some((m) => m.type === 'gap'), false);
  assert.equal(again.messages.some((m) => m.data.component === 'one'), false);
  const ids = again.messages.filter((m) => m.type !== 'heartbeat').map((m) => m.id);
  assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
  await again.close();
  const ancient = new Client('/ws/budget/updates', {role: null});
  await ancient.opened;
  ancient.say({type: 'auth', token: key.viewer, last_event_id: 12});
  const gap = await ancient.next((m) => m.type === 'gap');
  assert.equal(gap.data.missed, null);
  await ancient.close();
});

test('team messages go both ways and are kept', async () => {
  const reader = new Client('/ws/budget/updates');
  const writer = new Client('/ws/budget/updates', {role: 'operator'});
  await Promise.all([reader.ready(), writer.ready()]);
  writer.say({type: 'team_message', data: {text: 'who spends this?'}});
  for (const client of [reader, writer]) {
    const message = await client.next((m) => m.type === 'team_message');
    assert.equal(message.data.text, 'who spends this?');
    assert.equal(message.data.author, 'hand');
  }
  reader.say({type: 'team_message', data: {text: 'me'}});
  const refused = await reader.next((m) => m.type === 'error');
  assert.equal(refused.data.code, 'authorization_error');
  const headers = (role) => ({'x-api-key': key[role], 'content-type': 'application/json'});
  const post = await budget.fetch('/api/team/messages', {method: 'POST', headers: headers('operator'),
                                                         body: JSON.stringify({text: 'I do.'})});
  assert.equal(post.status, 201);
  await reader.next((m) => m.type === 'team_message' && m.data.text === 'I do.');
  const list = JSON.parse((await budget.fetch('/api/team/messages', {headers: headers('viewer')})).body);
  assert.deepEqual(list.items.map((m) => m.text), ['I do.', 'who spends this?']);
  const denied = await budget.fetch('/api/team/messages', {method: 'POST', headers: headers('viewer'),
                                                           body: JSON.stringify({text: 'no'})});
  assert.equal(denied.status, 403);
  assert.equal((await budget.fetch('/api/team/messages')).status, 401);
  await Promise.all([reader.close(), writer.close()]);
});

test('pings are answered, fragments joined, and what breaks the protocol ends it', async () => {
  const client = new Client('/ws/budget/updates', {role: 'operator'});
  await client.ready();
  const pong = new Promise((resolve) => client.socket.on('pong', (data) => resolve(data.toString())));
  client.socket.ping('are you there');
  assert.equal(await pong, 'are you there');
  const text = JSON.stringify({type: 'team_message', data: {text: 'in two parts'}});
  client.socket.send(text.slice(0, 20), {fin: false});
  client.socket.send(text.slice(20), {fin: true});
  await client.next((m) => m.type === 'team_message' && m.data.text === 'in two parts');
  client.say('not json');
  await client.next((m) => m.type === 'error' && m.data.code === 'invalid_request');
  client.socket.send(Buffer.from([1, 2, 3]));
  assert.equal((await client.closed).code, 1003);

  const large = new Client('/ws/budget/updates');
  await large.ready();
  large.say('x'.repeat(70_000));
  assert.equal((await large.closed).code, 1009);
});

test('one who does not read costs no memory and is told what it missed', async () => {
  const quiet = await new Budget({config, adminKey: key.admin}).start();
  try {
    const slow = new Client('/ws/budget/updates', {url: quiet.url});
    await slow.ready();
    slow.socket._socket.pause();
    const agent = quiet.url;
    const before = quiet.memory();
    const text = 'y'.repeat(3_500);
    for (let i = 0; i < 5_000; i += 50) {
      const posted = await Promise.all(Array.from({length: 50}, () =>
        quiet.post('/api/team/messages', {text}, {'x-api-key': key.operator})));
      assert.ok(posted.every((answer) => answer.status === 201), agent);
    }
    const grown = quiet.memory() - before;
    assert.ok(grown < 64 << 20, `grew by ${grown} bytes`);
    slow.socket._socket.resume();
    const gap = await slow.next((m) => m.type === 'gap');
    assert.ok(gap.data.missed > 0);
    await slow.close();
    const metrics = (await quiet.fetch('/metrics')).body.toString();
    assert.match(metrics, /budget_live_events_missed_total [1-9]/);
  } finally {
    await quiet.stop();
  }
});

test('a watcher does not hold up the end of the process', async () => {
  const ending = await new Budget({config, adminKey: key.admin}).start();
  const client = new Client('/ws/budget/updates', {url: ending.url});
  await client.ready();
  const silent = new Client('/ws/budget/updates', {url: ending.url, role: null});
  await silent.opened;
  const began = Date.now();
  const {code} = await ending.stop();
  assert.equal(code, 0);
  assert.ok(Date.now() - began < 5_000);
  assert.equal((await client.closed).code, 1001);
  assert.equal((await silent.closed).code, 1001);
});

test('frames that came with the upgrade are not lost', async () => {
  const plain = await new Budget({config, adminKey: key.admin}).start();
  try {
    const {port} = new URL(plain.url);
    const socket = net.connect(port, '127.0.0.1');
    // {"type":"auth",…}, masked by zeros, in the same packet as the head.
    const text = Buffer.from(JSON.stringify({type: 'auth', token: key.viewer}));
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
    socket.write(Buffer.concat([Buffer.from(
      'GET /ws/budget/updates HTTP/1.1\r\nHost: budget\r\nConnection: keep-alive, Upgrade\r\n' +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'), frame]));
    let seen = '';
    await new Promise((resolve, reject) => {
      socket.on('data', (data) => { seen += data; if (seen.includes('"heartbeat"')) resolve(); });
      socket.on('error', reject);
      socket.on('end', () => reject(new Error(seen)));
    });
    // The example of RFC 6455, section 1.3.
    assert.match(seen, /^HTTP\/1\.1 101 /);
    assert.match(seen, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    socket.destroy();
  } finally {
    await plain.stop();
  }
});
