// Reload, drain, and the end.
import assert from 'node:assert/strict';
import {after, afterEach, before, beforeEach, describe, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {answerChat, chatAnswer, chatBody, chatPath, jsonType, streamBody, streamEvents} from './lib/plane.mjs';
import {responseHead, startProvider} from './lib/provider.mjs';
import {RawClient, requestText, until, within} from './lib/raw.mjs';

const chat = (headers = {}, body = chatBody) =>
  requestText('POST', chatPath, {...jsonType, ...headers}, body);
const frame = (event) => `${event.length.toString(16)}\r\n${event}\r\n`;
const streamHead = responseHead(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'});

let provider;
let budget;
let streams;  // sockets that wait for the rest of their stream
before(async () => {
  provider = await startProvider((request, socket) => {
    if (!request.body.includes('"stream":true')) return answerChat(request, socket);
    socket.write(streamHead + frame(streamEvents[0]));
    streams.push(socket);
  });
});
after(() => provider?.close());
beforeEach(() => {
  streams = [];
});
afterEach(async () => {
  if (budget && !budget.ended) budget.process.kill('SIGKILL');
  await budget?.stop();
  budget = undefined;
});

const finishStream = (socket) => socket.write(streamEvents.slice(1).map(frame).join('') + '0\r\n\r\n');

// `more` are further top-level sections.
const config = (more = '') => `
providers:
  openai: {format: openai, url: "${provider.url}", key: k}
${more}`;
const cap = (limit) => config(`budgets:
  - name: team
    policies: [{name: cap, type: hard_limit, period: total, request_limit: ${limit}}]`);

const start = async (text = config(), options = {}) => {
  budget = await new Budget({config: text, ...options}).start();
  return budget;
};
const ask = () => budget.post(chatPath, chatBody);
const health = async () => (await budget.fetch('/health', {headers: {'x-api-key': budget.adminKey}})).body.toString();

async function openStream() {
  const client = await RawClient.connect(budget.url);
  const known = streams.length;
  client.write(chat({}, streamBody));
  await client.seen(streamEvents[0]);
  return {client, upstream: streams[known]};
}

describe('reload', () => {
  for (const [name, trigger] of [['on SIGHUP', () => budget.process.kill('SIGHUP')],
                                 ['when the file changes', () => {}]]) {
    test(`${name}: the next call is judged by the new policies`, async () => {
      await start(cap(1));
      assert.equal((await ask()).status, 200);
      assert.equal((await ask()).status, 429);
      budget.writeConfig(cap(3));
      trigger();
      await budget.event('config_reloaded');
      assert.equal((await ask()).status, 200);
      assert.equal((await ask()).status, 200);
      assert.equal((await ask()).status, 429);
    });
  }

  test('a config that does not validate is refused whole, and /health says so', async () => {
    await start(cap(2));
    assert.equal((await ask()).status, 200);
    budget.writeConfig(cap(100) + '\nno_such_section: 1');
    budget.process.kill('SIGHUP');
    const refused = await budget.event('config_refused');
    assert.match(refused.why, /budget\.yaml:\d+:\d+: .*no_such_section/s);
    assert.match(await health(), /no_such_section/);
    // The old one stays in force.
    assert.equal((await ask()).status, 200);
    assert.equal((await ask()).status, 429);
    budget.writeConfig(cap(5));
    await budget.event('config_reloaded');
    assert.doesNotMatch(await health(), /no_such_section/);
    assert.equal((await ask()).status, 200);
  });

  test('calls in flight end as they began', async () => {
    await start(cap(5));
    const {client, upstream} = await openStream();
    budget.writeConfig(`
providers:
  other: {format: openai, url: "http://127.0.0.1:1", key: k}
limits: {request_header: 1KiB}`);
    await budget.event('config_reloaded');
    assert.equal((await ask()).status, 404);
    finishStream(upstream);
    const answer = await client.response();
    assert.equal(answer.text, streamEvents.join(''));
    const [record] = await budget.records();
    assert.deepEqual([record.output_tokens, record.usage_source, record.policies.length], [3, 'reported', 1]);
    // The connection goes on under the new configuration.
    client.write(chat());
    assert.equal((await client.response()).status, 404);
    client.destroy();
  });

  test('many reloads under load lose no call', async () => {
    await start();
    let running = true;
    let served = 0;
    const load = Array.from({length: 4}, async () => {
      while (running) {
        const answer = await ask();
        assert.equal(answer.status, 200);
        served++;
      }
    });
    for (let i = 0; i < 10; i++) {
      budget.writeConfig(cap(100_000 + i));
      budget.process.kill('SIGHUP');
      await until(() => budget.lines.filter((line) => line.includes('"config_reloaded"')).length > i, 'a reload');
    }
    running = false;
    await Promise.all(load);
    assert.equal((await budget.records()).length, served);
  });
});

describe('SIGTERM', () => {
  test('ends an idle proxy at once, with 0', async () => {
    await start();
    const client = await RawClient.connect(budget.url);
    client.write(chat());
    assert.equal((await client.response()).status, 200);
    const began = Date.now();
    budget.process.kill('SIGTERM');
    await client.drained();
    client.destroy();
    assert.deepEqual(await within(10_000, budget.exited, 'exit'), {code: 0, signal: null});
    assert.ok(Date.now() - began < 5_000);
  });

  test('lets a stream in flight finish, takes no new connection, and exits 0', async () => {
    await start();
    const {client, upstream} = await openStream();
    budget.process.kill('SIGTERM');
    await budget.event('draining');
    await until(() => RawClient.connect(budget.url).then((late) => late.destroy(), () => true),
                'the listener to close');
    assert.ok(!budget.ended);
    finishStream(upstream);
    assert.equal((await client.response()).text, streamEvents.join(''));
    await client.drained();
    assert.deepEqual(await within(10_000, budget.exited, 'exit'), {code: 0, signal: null});
    client.destroy();
    // What it cost was not lost.
    await budget.kill();
    await budget.start();
    const [record] = await budget.records();
    assert.deepEqual([record.output_tokens, record.estimated], [3, false]);
  });

  test('waits no longer than shutdown_timeout', async () => {
    await start(config('shutdown_timeout: 500ms'));
    const {client} = await openStream();
    budget.process.kill('SIGTERM');
    assert.deepEqual(await within(10_000, budget.exited, 'exit'), {code: 0, signal: null});
    client.destroy();
    await budget.kill();
    await budget.start();
    const records = await until(async () => {
      const all = await budget.records();
      return all.length ? all : null;
    }, 'the record of the call that was left');
    assert.equal(records.length, 1);
    assert.equal(records[0].estimated, true);
  });

  test('a second one ends it at once, with nothing lost', async () => {
    await start();
    assert.equal((await ask()).status, 200);
    const all = [await openStream(), await openStream(), await openStream()];
    budget.process.kill('SIGTERM');
    await budget.event('draining');
    budget.process.kill('SIGTERM');
    const {code, signal} = await within(10_000, budget.exited, 'exit');
    assert.equal(signal, null);
    assert.equal(code, 0);
    for (const {client} of all) client.destroy();
    await budget.kill();
    await budget.start();
    const records = await until(async () => {
      const list = await budget.records();
      return list.length === 4 ? list : null;
    }, 'four records');
    assert.equal(records.filter((record) => record.estimated).length, 3);
  });

  test('a call that waits for its provider is answered', async () => {
    await start();
    let answer;
    const waiting = new Promise((resolve) => { answer = resolve; });
    const slow = await startProvider((request, socket) => answer(() => answerChat(request, socket)));
    budget.writeConfig(`
providers:
  openai: {format: openai, url: "${slow.url}", key: k}`);
    await budget.event('config_reloaded');
    const client = await RawClient.connect(budget.url);
    client.write(chat());
    const release = await waiting;
    budget.process.kill('SIGTERM');
    await budget.event('draining');
    release();
    assert.equal((await client.response()).text, chatAnswer);
    client.destroy();
    assert.equal((await budget.exited).code, 0);
    await slow.close();
  });
});
