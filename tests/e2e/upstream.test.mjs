// The side towards providers: pools, timeouts, broken answers, TLS.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {after, before, beforeEach, describe, test} from 'node:test';
import {Budget, temporaryFolder} from './lib/budget.mjs';
import {answerChat, chatAnswer, chatBody, chatPath, jsonType, startPlane, streamBody, streamEvents}
  from './lib/plane.mjs';
import {reply, responseHead, sleep, startProvider} from './lib/provider.mjs';
import {RawClient, requestText, until} from './lib/raw.mjs';

const chat = (headers = {}, body = chatBody) =>
  requestText('POST', chatPath, {...jsonType, ...headers}, body);

// One call on a connection of its own.
async function call(url, headers = {}, body = chatBody, ms = 10_000) {
  const client = await RawClient.connect(url);
  client.write(chat(headers, body));
  const answer = await client.response({ms});
  client.destroy();
  return answer;
}

// The provider ends its connections. The proxy has the ends as soon as they are
// written: this is the loopback.
async function closeAll(provider) {
  await Promise.all([...provider.sockets].map((socket) => {
    provider.sockets.delete(socket);
    return new Promise((resolve) => socket.end(resolve));
  }));
}

describe('connections to a provider', () => {
  let plane;
  before(async () => {
    plane = await startPlane({provider:
      'key: provider-key, timeout: {connect: 500ms, first_byte: 400ms, idle: 400ms}',
      config: 'workers: 1'});
  });
  after(() => plane?.close());
  beforeEach(async () => {
    plane.script.answer = answerChat;
    // Each test begins with an empty pool.
    for (const socket of plane.provider.sockets) socket.destroy();
    await until(() => plane.provider.sockets.size === 0, 'the sockets to close');
    await sleep(20);
    plane.provider.requests.length = 0;
    plane.provider.connections = 0;
  });

  test('are used again', async () => {
    for (let i = 0; i < 10; i++) assert.equal((await call(plane.budget.url)).status, 200);
    assert.equal(plane.provider.connections, 1);
    assert.equal(plane.provider.requests.length, 10);
  });

  test('are opened as calls need them at once, and kept', async () => {
    plane.script.answer = async (request, socket) => {
      await sleep(100);
      answerChat(request, socket);
    };
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({length: 5}, () => call(plane.budget.url)));
      assert.ok(answers.every(({status}) => status === 200));
    }
    assert.equal(plane.provider.connections, 5);
  });

  test('that their provider has closed are replaced, and nothing is sent twice', async () => {
    for (let i = 0; i < 5; i++) {
      assert.equal((await call(plane.budget.url)).status, 200);
      await closeAll(plane.provider);
    }
    assert.equal(plane.provider.connections, 5);
    assert.equal(plane.provider.requests.length, 5);
  });

  test('on which a request was sent and nothing came back end the call, once', async () => {
    assert.equal((await call(plane.budget.url)).status, 200);
    plane.script.answer = (request, socket) => socket.destroy();
    const answer = await call(plane.budget.url);
    assert.equal(answer.status, 502);
    assert.equal(answer.json.error.code, 'upstream_unreachable');
    assert.equal(answer.json.error.type, 'api_error');
    assert.equal(plane.provider.requests.length, 2);
    assert.equal(plane.provider.connections, 1);
    const record = await plane.record(answer.headers['x-budget-request-id']);
    assert.equal(record.error, 'upstream_broken');
  });

  for (const [name, end] of [
    ['says close', (socket) => socket.write(
      responseHead(200, {...jsonType, connection: 'close', 'content-length': chatAnswer.length}) + chatAnswer)],
    ['has bytes behind it', (socket) => socket.write(
      responseHead(200, {...jsonType, 'content-length': chatAnswer.length}) + chatAnswer +
      'HTTP/1.1 200 Poison\r\ncontent-length: 0\r\n\r\n')],
    ['is followed by more a moment later', async (socket) => {
      reply(socket, 200, jsonType, chatAnswer);
      await sleep(30);
      socket.write('HTTP/1.1 200 Poison\r\ncontent-length: 0\r\n\r\n');
    }],
  ]) {
    test(`are not used again when the answer ${name}`, async () => {
      plane.script.answer = (request, socket) => end(socket);
      assert.equal((await call(plane.budget.url)).text, chatAnswer);
      await sleep(80);
      plane.script.answer = answerChat;
      const second = await call(plane.budget.url);
      assert.equal(second.start, 'HTTP/1.1 200 Status');
      assert.equal(second.text, chatAnswer);
      assert.equal(plane.provider.connections, 2);
    });
  }

  test('time out while they wait for the first byte: 504', async () => {
    plane.script.answer = () => {};
    const answer = await call(plane.budget.url);
    assert.equal(answer.status, 504);
    assert.equal(answer.json.error.code, 'upstream_timeout');
    const record = await plane.record(answer.headers['x-budget-request-id']);
    assert.deepEqual([record.status, record.error], [504, 'upstream_timeout']);
  });

  test('time out in the middle of a plain answer: 504', async () => {
    plane.script.answer = (request, socket) =>
      socket.write(responseHead(200, {...jsonType, 'content-length': 1000}) + '{"id":');
    const answer = await call(plane.budget.url);
    assert.equal(answer.status, 504);
    assert.equal(answer.json.error.code, 'upstream_timeout');
    assert.ok(await plane.record(answer.headers['x-budget-request-id']));
  });

  test('that fall silent within a stream break it off', async () => {
    plane.script.answer = (request, socket) => socket.write(
      responseHead(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'}) +
      `${streamEvents[0].length.toString(16)}\r\n${streamEvents[0]}\r\n`);
    const client = await RawClient.connect(plane.budget.url);
    client.write(chat({}, streamBody));
    const bytes = (await client.drained()).toString();
    assert.ok(bytes.includes(streamEvents[0]));
    assert.ok(!bytes.endsWith('0\r\n\r\n'));
    client.destroy();
    const records = await plane.budget.records();
    assert.equal(records.at(-1).error, 'upstream_broken');
  });

  test('do not time out while bytes keep coming', async () => {
    plane.script.answer = async (request, socket) => {
      socket.write(responseHead(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'}));
      for (const event of streamEvents) {
        await sleep(200);
        socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      }
      socket.write('0\r\n\r\n');
    };
    assert.equal((await call(plane.budget.url, {}, streamBody)).text, streamEvents.join(''));
  });

  test('bring an answer that comes before the request has been read', async () => {
    const body = JSON.stringify({model: 'gpt-4o-mini', max_tokens: 5,
      messages: [{role: 'user', content: 'x'.repeat(24 << 20)}]});
    // The provider looks at the head, answers, and reads no more.
    plane.provider.onConnect = (socket) => socket.once('data', () => {
      socket.pause();
      reply(socket, 413, jsonType, '{"error":{"message":"too long","type":"x"}}');
    });
    const answer = await call(plane.budget.url, {}, body, 30_000);
    plane.provider.onConnect = undefined;
    assert.equal(answer.status, 413);
    assert.equal(answer.json.error.message, 'too long');
    const record = await plane.record(answer.headers['x-budget-request-id']);
    assert.equal(record.total_cost_nano, 0);
    // The half-sent connection is not used again.
    assert.equal((await call(plane.budget.url)).status, 200);
    assert.equal(plane.provider.connections, 2);
  });

  for (const [name, bytes] of [
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['has a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['has two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['has a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['has a coding we do not know', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['folds a line', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 2\r\n\r\n{}'],
    ['has a NUL', 'HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 2\r\n\r\n{}'],
    ['switches protocols', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['is HTTP/2', 'HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\n{}'],
  ]) {
    test(`answer 502 when the provider's head ${name}`, async () => {
      plane.script.answer = (request, socket) => socket.write(bytes);
      const answer = await call(plane.budget.url);
      assert.equal(answer.status, 502);
      assert.match(answer.json.error.message, /not valid HTTP/);
      assert.ok(await plane.record(answer.headers['x-budget-request-id']));
      assert.equal(plane.provider.requests.length, 1);
    });
  }

  test('answer 502 in the middle of a broken body that was not a stream', async () => {
    plane.script.answer = (request, socket) => socket.write(
      responseHead(200, {...jsonType, 'transfer-encoding': 'chunked'}) + '2\r\n{}zz\r\n');
    assert.equal((await call(plane.budget.url)).status, 502);
  });
});

describe('a provider that is not there', () => {
  test('is told apart: it refuses, or has no address', async () => {
    const closed = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const {port} = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    const budget = await new Budget({config: `
providers:
  openai: {format: openai, url: "http://127.0.0.1:${port}", key: k}
  nowhere: {format: openai, url: "http://no-such-host.invalid", key: k}
  anthropic: {format: anthropic, url: "http://127.0.0.1:${port}", key: k}
prices: {unknown_model: free}`}).start();
    try {
      const refused = await call(budget.url);
      assert.equal(refused.status, 502);
      assert.match(refused.json.error.message, /refuses connections/);
      const [record] = await budget.records();
      assert.deepEqual([record.error, record.total_cost_nano], ['upstream_unreachable', 0]);

      const nameless = await budget.post('/nowhere/v1/chat/completions', chatBody);
      assert.equal(nameless.status, 502);
      assert.match(nameless.body.toString(), /does not resolve/);

      const message = await budget.post('/anthropic/v1/messages',
        {model: 'claude-3-5-haiku-20241022', max_tokens: 5, messages: [{role: 'user', content: 'x'}]});
      assert.equal(message.status, 502);
      assert.deepEqual([JSON.parse(message.body).type, JSON.parse(message.body).error.type],
                       ['error', 'api_error']);
    } finally {
      await budget.stop();
    }
  });
});

// A listener that accepts nobody, behind a queue that is full: what the kernel
// then does with one more is to let it wait. Prints its port, or why not.
const fullListener = `
import select, socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen(0)
waiting = []
for _ in range(8):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(server.getsockname())
    waiting.append(one)
late = select.select([], waiting, [], 0.3)[1]
connected = [one for one in waiting if one in late]
print(server.getsockname()[1] if len(connected) < len(waiting) else 'this kernel queues them all', flush=True)
sys.stdin.read()
`;

describe('a provider that does not take connections', () => {
  test('is given up after timeout.connect: 504, and nothing is charged', async (t) => {
    const full = spawn('python3', ['-c', fullListener], {stdio: ['pipe', 'pipe', 'inherit']});
    const port = String((await once(full.stdout, 'data'))[0]).trim();
    let budget;
    try {
      if (!/^\d+$/.test(port)) return t.skip(port);
      budget = await new Budget({config: `
providers:
  openai: {format: openai, url: "http://127.0.0.1:${port}", key: k, timeout: {connect: 300ms, first_byte: 60s}}
prices: {unknown_model: free}`}).start();
      const began = Date.now();
      const answer = await call(budget.url);
      const took = Date.now() - began;
      assert.equal(answer.status, 504);
      assert.equal(answer.json.error.code, 'upstream_timeout');
      assert.match(answer.json.error.message, /could not be connected to in time/);
      assert.ok(took >= 290 && took < 10_000, `${took} ms`);
      const [record] = await budget.records();
      assert.deepEqual([record.error, record.total_cost_nano], ['upstream_timeout', 0]);
    } finally {
      full.kill();
      await budget?.stop();
    }
  });
});

describe('TLS to a provider', () => {
  const folder = temporaryFolder();
  const file = (name) => path.join(folder, name);
  let provider;
  let expired;
  let budget;

  const openssl = (...args) => execFileSync('openssl', args, {cwd: folder, stdio: 'pipe'});

  before(async () => {
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=Test CA');
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=api.test');
    fs.writeFileSync(file('server.ext'), 'subjectAltName=DNS:api.test,DNS:localhost');
    for (const [name, days] of [['server', '2'], ['expired', '-1']]) {
      openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key',
              '-CAcreateserial', '-days', days, '-out', `${name}.crt`, '-extfile', 'server.ext');
    }
    const shown = (name) => ({
      cert: fs.readFileSync(file(`${name}.crt`)), key: fs.readFileSync(file('server.key'))});
    provider = await startProvider(answerChat, {tls: shown('server')});
    expired = await startProvider(answerChat, {tls: shown('expired')});
    const url = `https://127.0.0.1:${provider.port}`;
    budget = await new Budget({config: `
workers: 1
providers:
  openai: {format: openai, url: "${url}", key: k, tls: {ca: ${file('ca.crt')}, server_name: api.test}}
  localhost: {format: openai, url: "https://localhost:${provider.port}", key: k, tls: {ca: ${file('ca.crt')}}}
  wrong_name: {format: openai, url: "${url}", key: k, tls: {ca: ${file('ca.crt')}, server_name: other.test}}
  by_address: {format: openai, url: "${url}", key: k, tls: {ca: ${file('ca.crt')}}}
  expired: {format: openai, url: "https://127.0.0.1:${expired.port}", key: k, tls: {ca: ${file('ca.crt')}, server_name: api.test}}
  untrusted: {format: openai, url: "${url}", key: k, tls: {server_name: api.test}}
  unverified: {format: openai, url: "${url}", key: k, tls: {verify: false}}
  plain: {format: openai, url: "http://127.0.0.1:${provider.port}", key: k}
prices: {unknown_model: free}`}).start();
  });
  after(async () => {
    const end = await budget?.stop();
    await provider?.close();
    await expired?.close();
    if (end) assert.equal(end.code, 0);
    fs.rmSync(folder, {recursive: true, force: true});
  });

  const ask = (name) => budget.post(`/${name}/v1/chat/completions`, chatBody);

  test('verifies the certificate and says which server it wants', async () => {
    let name;
    provider.onConnect = (socket) => { name = socket.servername; };
    assert.equal((await ask('openai')).status, 200);
    assert.equal(name, 'api.test');
    assert.equal((await ask('localhost')).status, 200);
    assert.equal(name, 'localhost');
    provider.onConnect = undefined;
  });

  test('keeps connections, and not those that were closed', async () => {
    provider.connections = 0;
    for (let i = 0; i < 5; i++) assert.equal((await ask('openai')).status, 200);
    assert.ok(provider.connections <= 1);
    for (let i = 0; i < 3; i++) {
      await closeAll(provider);
      const requests = provider.requests.length;
      assert.equal((await ask('openai')).status, 200);
      assert.equal(provider.requests.length, requests + 1);
    }
  });

  test('discards a connection on which more came than was asked for', async () => {
    await closeAll(provider);
    assert.equal((await ask('openai')).status, 200);
    for (const socket of provider.sockets) socket.write('HTTP/1.1 200 Poison\r\ncontent-length: 0\r\n\r\n');
    await sleep(30);
    assert.equal((await ask('openai')).body.toString(), chatAnswer);
  });

  for (const [name, why] of Object.entries({
    wrong_name: /could not be trusted: its certificate is for another name/,
    by_address: /could not be trusted: its certificate is for another name/,
    untrusted: /could not be trusted: no authority that the proxy knows/,
    expired: /could not be trusted: its certificate has expired/,
    plain: /broke the connection|not valid HTTP/,
  })) {
    test(`does not speak to a provider it cannot trust, and says why: ${name}`, async () => {
      const requests = provider.requests.length + expired.requests.length;
      const answer = await ask(name);
      assert.equal(answer.status, 502);
      assert.match(JSON.parse(answer.body).error.message, why);
      assert.equal(provider.requests.length + expired.requests.length, requests);
    });
  }

  test('verifies nothing where it is told so', async () => {
    assert.equal((await ask('unverified')).status, 200);
  });

  test('carries large requests', async () => {
    const body = JSON.stringify({model: 'gpt-4o-mini', max_tokens: 5,
      messages: [{role: 'user', content: 'x'.repeat(4 << 20)}]});
    const answer = await budget.post('/openai/v1/chat/completions', body);
    assert.equal(answer.status, 200);
    assert.equal(provider.requests.at(-1).body.toString(), body);
  });
});
