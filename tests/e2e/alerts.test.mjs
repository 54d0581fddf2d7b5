// Alerts as their receivers see them: a webhook that fails twice first, Slack,
// a mail server, the live feed, the API and the command line.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import crypto from 'node:crypto';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import WebSocket from 'ws';
import {Budget, binary} from './lib/budget.mjs';
import {MailSink, WebhookSink} from './lib/sinks.mjs';

const secret = 'whsec-of-the-test';
const key = {viewer: 'viewer-key-of-at-least-32-characters',
             operator: 'operator-key-of-at-least-32-characters'};
let budget;
let hook;
let slack;
let mail;

const config = () => `
providers: {simulated: {format: simulated}}
prices: {unknown_model: {input: 1.00, output: 1000.00}}
budgets:
  - name: team
    policies:
      - {name: cap, type: hard_limit, period: total, cost_limit: 0.10, match: {component: spender}, per: [component]}
admin:
  keys:
    - {name: eye, role: viewer, key: ${key.viewer}}
    - {name: hand, role: operator, key: ${key.operator}}
alerts:
  thresholds: [0.5, 0.8]
  webhooks:
    - {url: "${hook.url}/hook?token=t0k3n", secret: ${secret}}
    - {url: "${slack.url}/services/T0/B0/XyZ", format: slack}
  email: {smtp: "smtp://ops:p4ss@127.0.0.1:${mail.port}", from: budget@example.com, to: [ops@example.com]}
`;

before(async () => {
  hook = await new WebhookSink([500, 503]).start();
  slack = await new WebhookSink().start();
  mail = await new MailSink({user: 'ops', password: 'p4ss', refuse: 1}).start();
  budget = await new Budget({config: config(), adminKey: key.operator}).start();
});
after(async () => {
  await budget?.stop();
  hook.stop();
  slack.stop();
  mail.stop();
});

const call = (tokens) => budget.post('/simulated/v1/chat/completions',
  {model: 'm', max_tokens: tokens, messages: [{role: 'user', content: 'go'}]},
  {'x-budget-component': 'spender', 'x-simulate-output-tokens': String(tokens)});
const api = async (target, {role = 'operator', method = 'GET', body} = {}) => {
  const answer = await budget.fetch(target, {method, headers: role ? {'x-api-key': key[role]} : {},
                                             body: body && JSON.stringify(body)});
  return {...JSON.parse(answer.body), status: answer.status};
};
// What becomes so on another thread.
async function soon(what) {
  for (const end = Date.now() + 20_000; ;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not so in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a threshold is told once to the webhook, Slack, mail, the feed and the API', async () => {
  const socket = new WebSocket(budget.url.replace('http', 'ws') + '/ws/budget/alerts',
                               {headers: {'x-api-key': key.viewer}});
  const live = [];
  const ready = new Promise((resolve) => socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.type === 'heartbeat') resolve();
    else live.push(message);
  }));
  await ready;

  assert.equal((await call(40)).status, 200);  // 4 cents
  assert.equal((await call(20)).status, 200);  // 6: past the half
  assert.equal((await call(5)).status, 200);   // no new threshold
  await hook.atLeast(3);
  const [slacked] = await slack.atLeast(1);
  const [letter] = await mail.atLeast(1);
  await soon(() => live.length > 0);

  // Twice it failed; it is the same event each time, and signed.
  const bodies = new Set(hook.requests.map((request) => request.body));
  assert.equal(bodies.size, 1);
  const event = JSON.parse(hook.requests[2].body);
  assert.equal(event.type, 'budget_alert');
  assert.equal(event.data.type, 'threshold');
  assert.equal(event.data.severity, 'warning');
  assert.equal(event.data.policy_id, 'team/cap');
  assert.equal(event.data.partition, 'component=spender');
  assert.equal(event.data.details.threshold, 0.5);
  assert.equal(event.data.details.limit_nano, 100_000_000);
  for (const request of hook.requests) {
    assert.equal(request.headers['x-budget-event-id'], event.id);
    assert.equal(request.url, '/hook?token=t0k3n');
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(request.headers['x-budget-signature']);
    const expected = crypto.createHmac('sha256', secret).update(`${time}.${request.body}`).digest('hex');
    assert.equal(signature, expected);
    assert.ok(Math.abs(Date.now() / 1000 - Number(time)) < 60);
  }
  assert.match(JSON.parse(slacked.body).text, /^\*Budget warning\*: Budget 'team', policy 'cap'/);
  assert.equal(letter.from, 'budget@example.com');
  assert.deepEqual(letter.to, ['ops@example.com']);
  assert.equal(letter.user, 'ops');
  assert.match(letter.data, /^Subject: Budget warning: Budget 'team', policy 'cap'/m);
  const text = Buffer.from(letter.data.split('\r\n\r\n')[1], 'base64').toString();
  assert.match(text, /50 % of the limit is spent, \$0\.06/);
  assert.equal(live[0].type, 'budget_alert');
  assert.equal(live[0].data.id, event.id);

  const list = await api('/api/alerts?type=threshold', {role: 'viewer'});
  assert.equal(list.total, 1);
  assert.deepEqual((await api(`/api/alerts/${event.id}`, {role: 'viewer'})).data, event.data);
  const check = await api('/api/alerts/check', {method: 'POST'});
  assert.deepEqual(check.data.raised, []);

  await soon(async () => (await api('/api/alerts/deliveries?state=delivered')).total === 3);
  const deliveries = await api('/api/alerts/deliveries');
  const attempts = Object.fromEntries(deliveries.items.map((each) =>
    [each.channel.startsWith('webhook') ? each.channel : 'email', each.attempts]));
  assert.deepEqual(Object.values(attempts).sort(), [1, 2, 3]);

  // Who acknowledges is told on the feed.
  const acknowledged = await api(`/api/alerts/${event.id}/acknowledge`, {method: 'POST', body: {note: 'seen'}});
  assert.equal(acknowledged.data.acknowledged_by, 'hand');
  assert.equal(acknowledged.data.note, 'seen');
  await soon(() => live.some((message) => message.data.acknowledged));
  assert.equal((await api('/api/alerts?acknowledged=false')).total, 0);
  socket.close();
  await soon(() => slack.requests.length === 1 && mail.mails.length === 1);
});

test('a limit that refuses raises budget_exceeded once, however many are refused', async () => {
  for (let i = 0; i < 20; i++) assert.equal((await call(90)).status, 429);
  await soon(async () => (await api('/api/alerts?type=budget_exceeded')).total > 0);
  const list = await api('/api/alerts?type=budget_exceeded&severity=error');
  assert.equal(list.total, 1);
  assert.match(list.items[0].message, /team/);
  assert.ok(list.items[0].details.requested_nano > 0);
});

test('channels are shown without their secrets, set by the API, and tested', async () => {
  const settings = await api('/api/alerts/settings', {role: 'viewer'});
  const text = JSON.stringify(settings);
  for (const hidden of [secret, 't0k3n', 'XyZ', 'p4ss']) assert.ok(!text.includes(hidden), hidden);
  assert.deepEqual(settings.data.thresholds, [0.5, 0.8]);
  assert.deepEqual(settings.data.channels.map((channel) => channel.kind), ['webhook', 'slack', 'email']);
  // What the tests before have raised is out.
  await soon(async () => (await api('/api/alerts/deliveries?state=delivered')).total === 6);
  const off = Object.fromEntries(settings.data.channels.map(({id}) => [id, {enabled: false}]));
  const put = await api('/api/alerts/settings', {method: 'PUT', body: {thresholds: [0.7], channels: off}});
  assert.equal(put.status, 200);
  assert.equal(put.data.thresholds_source, 'api');
  const before = hook.requests.length;
  assert.equal((await call(10)).status, 200);  // 7.5 cents: past 0.7
  await soon(async () => (await api('/api/alerts?type=threshold')).total === 2);
  assert.equal((await api('/api/alerts/deliveries?state=pending')).total, 0);
  assert.equal(hook.requests.length, before);
  const tested = await api('/api/alerts/test', {method: 'POST'});
  assert.deepEqual(tested.data.channels.map((channel) => channel.sent), [true, true, true]);
  assert.equal(hook.requests.length, before + 1);
});

test('who may do what, and what is refused', async () => {
  for (const [method, target, body] of [
    ['GET', '/api/alerts'], ['GET', '/api/alerts/x'], ['GET', '/api/alerts/deliveries'],
    ['GET', '/api/alerts/settings'], ['PUT', '/api/alerts/settings', {}],
    ['POST', '/api/alerts/check'], ['POST', '/api/alerts/test'],
    ['POST', '/api/alerts/x/acknowledge']]) {
    assert.equal((await api(target, {role: null, method, body})).status, 401, `${method} ${target}`);
    if (method !== 'GET') {
      assert.equal((await api(target, {role: 'viewer', method, body})).status, 403, `${method} ${target}`);
    }
  }
  assert.equal((await api('/api/alerts/none')).status, 404);
  assert.equal((await api('/api/alerts/none/acknowledge', {method: 'POST'})).status, 404);
  assert.equal((await api('/api/alerts?type=nothing')).status, 400);
  assert.equal((await api('/api/alerts?severity=loud')).status, 400);
  assert.equal((await api('/api/alerts?acknowledged=perhaps')).status, 400);
  assert.equal((await api('/api/alerts/deliveries?state=lost')).status, 400);
  assert.equal((await api('/api/alerts/settings', {method: 'PUT', body: {thresholds: [-1]}})).status, 400);
  assert.equal((await api('/api/alerts/test', {method: 'POST', body: {channel: 'fax'}})).status, 400);
});

test('the command line lists and acknowledges', async () => {
  const run = (...words) => promisify(execFile)(binary,
    ['alerts', ...words, '--url', budget.url, '--api-key', key.operator]);
  const table = await run('list', '--acknowledged', 'false');
  assert.match(table.stdout, /budget_exceeded/);
  const {items} = JSON.parse((await run('list', '--type', 'budget_exceeded', '--format', 'json')).stdout);
  const acked = await run('ack', items[0].id, '--note', 'known');
  assert.match(acked.stdout, /acknowledged/);
  assert.equal((await api(`/api/alerts/${items[0].id}`)).data.note, 'known');
  await assert.rejects(run('ack', 'none'), {code: 1});
});

test('a kill between an alert and its delivery loses nothing', async () => {
  const late = await new WebhookSink([500]).start();
  const own = new Budget({adminKey: key.operator, config: config().replace(
    /webhooks:[^]*$/, `webhooks: [{url: "${late.url}/"}]\n`)});
  try {
    await own.start();
    await own.post('/simulated/v1/chat/completions',
      {model: 'm', max_tokens: 60, messages: [{role: 'user', content: 'go'}]},
      {'x-budget-component': 'spender', 'x-simulate-output-tokens': '60'});
    await late.atLeast(1);
    await soon(async () => {
      const answer = await own.fetch('/api/alerts/deliveries', {headers: {'x-api-key': key.operator}});
      return JSON.parse(answer.body).items[0].attempts === 1;
    });
    await own.kill();
    await own.start();
    const requests = await late.atLeast(2);
    assert.equal(new Set(requests.map((request) => request.headers['x-budget-event-id'])).size, 1);
    assert.equal(requests[0].headers['x-budget-signature'], undefined);
  } finally {
    await own.stop();
    late.stop();
  }
});
