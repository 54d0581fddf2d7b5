// What clients may not do: be slow for ever, send too much, be too many.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {answerChat, chatBody, chatPath, jsonType, startPlane, streamBody} from './lib/plane.mjs';
import {responseHead} from './lib/provider.mjs';
import {RawClient, requestText, until} from './lib/raw.mjs';

let plane;
before(async () => {
  plane = await startPlane({config: `
limits: {request_body: 64KiB, request_header: 4KiB, response_header: 4KiB, header_timeout: 300ms,
         body_timeout: 500ms, idle_timeout: 1s, connections: 40}`});
});
after(() => plane?.close());
beforeEach(() => {
  plane.script.answer = answerChat;
  plane.provider.requests.length = 0;
});

const connect = () => RawClient.connect(plane.budget.url);
const chat = (headers = {}, body = chatBody) =>
  requestText('POST', chatPath, {...jsonType, ...headers}, body);
const big = JSON.stringify({model: 'm', max_tokens: 1, messages: [{role: 'user', content: 'x'.repeat(65536)}]});

const formats = [
  ['/openai/v1/chat/completions', (json) => [json.error.type, json.error.code],
   ['invalid_request_error', 'request_too_large']],
  ['/anthropic/v1/messages', (json) => [json.type, json.error.type], ['error', 'request_too_large']],
  ['/gemini/v1beta/models/gemini-2.5-flash:generateContent',
   (json) => [json.error.code, json.error.status], [413, 'INVALID_ARGUMENT']],
  ['/bedrock/model/amazon.nova-lite-v1:0/converse', (json) => [typeof json.message], ['string']],
  ['/ollama/api/chat', (json) => [typeof json.error], ['string']],
];

describe('too much', () => {
  for (const [target, read, expected] of formats) {
    test(`a body over the limit is refused in the words of ${target}`, async () => {
      const client = await connect();
      client.write(requestText('POST', target, {...jsonType, 'content-length': 65537}));
      const answer = await client.response();
      assert.equal(answer.status, 413);
      assert.deepEqual(read(answer.json), expected);
      assert.equal(answer.headers.connection, 'close');
      await client.drained();
      client.destroy();
    });

    test(`a head over the limit is refused in the words of ${target}`, async () => {
      const client = await connect();
      client.write(requestText('POST', target, {...jsonType, 'x-long': 'y'.repeat(5000)}, '{}'));
      const answer = await client.response();
      assert.equal(answer.status, 431);
      assert.deepEqual(read(answer.json), expected.map((value) => (value === 413 ? 431 : value)));
      client.destroy();
    });
  }

  test('a head over the limit is refused before its end has come', async () => {
    const client = await connect();
    client.write(`GET /openai/v1/models HTTP/1.1\r\nhost: h\r\nx-long: ${'y'.repeat(5000)}`);
    assert.equal((await client.response()).status, 431);
    client.destroy();
  });

  test('many small fields are a large head', async () => {
    const client = await connect();
    client.write('GET /openai/v1/models HTTP/1.1\r\nhost: h\r\n' + 'a: b\r\n'.repeat(1000) + '\r\n');
    assert.equal((await client.response()).status, 431);
    client.destroy();
  });

  test('the refusal reaches a client that is still sending', async () => {
    for (let i = 0; i < 5; i++) {
      const client = await connect();
      client.write(chat({}, big));
      assert.equal((await client.response()).status, 413);
      client.destroy();
    }
  });

  test('chunks that add up to more than the limit are refused', async () => {
    const client = await connect();
    client.write(requestText('POST', chatPath, {...jsonType, 'transfer-encoding': 'chunked'}));
    for (let i = 0; i < 5; i++) client.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    assert.equal((await client.response()).status, 413);
    client.destroy();
  });

  test('a chunk is refused whose size line never ends', async () => {
    const client = await connect();
    client.write(requestText('POST', chatPath, {...jsonType, 'transfer-encoding': 'chunked'}) +
                 `5;${'x'.repeat(200_000)}`);
    assert.equal((await client.response()).status, 400);
    client.destroy();
  });

  test('trailers are refused that never end', async () => {
    const client = await connect();
    client.write(requestText('POST', chatPath, {...jsonType, 'transfer-encoding': 'chunked'}) +
                 `2\r\n{}\r\n0\r\n${'a: b\r\n'.repeat(40_000)}`);
    assert.equal((await client.response()).status, 400);
    client.destroy();
  });

  test('a chunk size is refused that is no number, or too large a one', async () => {
    for (const size of ['-1', 'xyz', '0x5', '5 5', 'ffffffffffffffffff', '']) {
      const client = await connect();
      client.write(requestText('POST', chatPath, {...jsonType, 'transfer-encoding': 'chunked'}) +
                   `${size}\r\nhello\r\n0\r\n\r\n`);
      assert.ok([400, 413].includes((await client.response()).status), `chunk size '${size}'`);
      client.destroy();
    }
    assert.equal(plane.provider.requests.length, 0);
  });

  test('an answer whose head is too large is a provider that cannot be reached', async () => {
    plane.script.answer = (request, socket) =>
      socket.write(responseHead(200, {'x-long': 'y'.repeat(8000), 'content-length': 0}));
    const client = await connect();
    client.write(chat());
    const answer = await client.response();
    assert.equal(answer.status, 502);
    assert.equal(answer.json.error.code, 'upstream_unreachable');
    client.destroy();
  });

  test('an answer whose chunk size never ends is broken off', async () => {
    plane.script.answer = (request, socket) => socket.write(
      responseHead(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'}) +
      `5;${'x'.repeat(100_000)}`);
    const client = await connect();
    client.write(chat({}, streamBody));
    const bytes = (await client.drained()).toString();
    assert.match(bytes, /^HTTP\/1.1 (200|502) /);
    client.destroy();
  });
});

describe('too slow', () => {
  test('a head that does not end in time is answered 408', async () => {
    const client = await connect();
    client.write('POST /anthropic/v1/messages HTTP/1.1\r\nhost: h\r\n');
    const answer = await client.response();
    assert.equal(answer.status, 408);
    assert.equal(answer.json.type, 'error');
    await client.drained();
    client.destroy();
  });

  test('a head that drips in does not get more time for it', async () => {
    const client = await connect();
    const drip = setInterval(() => client.write('a'), 50).unref();
    const began = Date.now();
    client.write('GET /openai/v1/models HTTP/1.1\r\nx: ');
    assert.equal((await client.response()).status, 408);
    clearInterval(drip);
    assert.ok(Date.now() - began < 2000);
    client.destroy();
  });

  for (const [name, text] of [
    ['of known length', chat().slice(0, -5)],
    ['in chunks', requestText('POST', chatPath, {...jsonType, 'transfer-encoding': 'chunked'}) + '5\r\nab'],
  ]) {
    test(`a body ${name} that does not end in time is answered 408`, async () => {
      const client = await connect();
      client.write(text);
      const answer = await client.response();
      assert.equal(answer.status, 408);
      assert.equal(plane.provider.requests.length, 0);
      client.destroy();
    });
  }

  test('a connection that says nothing is closed in silence', async () => {
    const client = await connect();
    assert.equal((await client.drained()).length, 0);
    client.destroy();
  });

  test('a kept connection is closed in silence when it idles', async () => {
    const client = await connect();
    client.write(chat());
    assert.equal((await client.response()).status, 200);
    assert.equal((await client.drained()).length, 0);
    client.destroy();
  });
});

describe('too many', () => {
  test('connections over the limit wait until others have gone', async () => {
    const all = [];
    for (let i = 0; i < 60; i++) all.push(await connect());
    // None of those that wait is served, however long the listener has paused.
    const open = async () => {
      const answer = await plane.budget.fetch('/metrics', {headers: {'x-api-key': plane.budget.adminKey}});
      return Number(/^budget_client_connections (\d+)/m.exec(answer.body)[1]);
    };
    // The 61st connection asks: it is answered once some of the 60 have idled out.
    assert.ok(await open() <= 40);
    for (const client of all) client.destroy();
    const last = await connect();
    last.write(chat());
    assert.equal((await last.response()).status, 200);
    last.destroy();
    await until(async () => (await open()) < 10, 'the connections to go');
  });
});
