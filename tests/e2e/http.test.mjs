// HTTP/1.1 as clients speak it and providers answer it, over raw sockets.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import zlib from 'node:zlib';
import {answerChat, chatAnswer, chatBody, chatPath, jsonType, startPlane, streamBody,
        streamEvents} from './lib/plane.mjs';
import {reply, replyInPieces, responseHead, sleep} from './lib/provider.mjs';
import {RawClient, requestText, until} from './lib/raw.mjs';

let plane;
before(async () => {
  plane = await startPlane();
});
after(() => plane?.close());
beforeEach(() => {
  plane.script.answer = answerChat;
  plane.provider.requests.length = 0;
});

const connect = () => RawClient.connect(plane.budget.url);
const chat = (headers = {}, body = chatBody) =>
  requestText('POST', chatPath, {...jsonType, ...headers}, body);

function chunked(body, sizes, {extension = '', trailers = ''} = {}) {
  let out = '';
  let at = 0;
  for (let i = 0; at < body.length; i++) {
    const piece = body.slice(at, at + sizes[i % sizes.length]);
    out += `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `${out}0\r\n${trailers}\r\n`;
}

describe('requests', () => {
  test('a connection serves one call after the other', async () => {
    const client = await connect();
    for (let i = 0; i < 5; i++) {
      client.write(chat());
      const answer = await client.response();
      assert.equal(answer.status, 200);
      assert.equal(answer.text, chatAnswer);
      assert.equal(answer.headers['x-budget-tokens'], 'input=9,output=3');
      assert.equal(answer.headers.connection, undefined);
    }
    client.destroy();
  });

  test('pipelined requests are answered in order', async () => {
    plane.script.answer = async (request, socket) => {
      await sleep(request.headers['x-test'] === '0' ? 30 : 0);
      reply(socket, 200, {...jsonType, 'x-test': request.headers['x-test']}, chatAnswer);
    };
    const client = await connect();
    const chunkedOne = requestText('POST', chatPath,
      {...jsonType, 'x-test': '3', 'transfer-encoding': 'chunked'}) + chunked(chatBody, [7]);
    client.write([0, 1, 2].map((n) => chat({'x-test': String(n)})).join('') + chunkedOne +
                 chat({'x-test': '4'}) + requestText('GET', '/health'));
    for (let n = 0; n < 5; n++) {
      const answer = await client.response();
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-test'], String(n));
    }
    const last = await client.response();
    assert.match(last.text, /ok/);
    client.destroy();
  });

  test('a request may come byte by byte', async () => {
    const client = await connect();
    for (const byte of chat()) {
      client.write(byte);
      await new Promise(setImmediate);
    }
    assert.equal((await client.response()).status, 200);
    assert.equal(plane.provider.requests[0].body.toString(), chatBody);
    client.destroy();
  });

  for (const [name, head, text] of [
    ['of one byte', {}, chunked(chatBody, [1])],
    ['of many sizes', {}, chunked(chatBody, [3, 1, 40, 2])],
    ['with extensions', {}, chunked(chatBody, [16], {extension: ';a=b;c="d"'})],
    ['with trailers', {trailer: 'x-sum'}, chunked(chatBody, [50], {trailers: 'x-sum: 1\r\n'})],
  ]) {
    test(`a body in chunks ${name} goes on with its length`, async () => {
      const client = await connect();
      client.write(requestText('POST', chatPath,
        {...jsonType, ...head, 'transfer-encoding': 'chunked'}) + text);
      assert.equal((await client.response()).status, 200);
      const [request] = plane.provider.requests;
      assert.equal(request.body.toString(), chatBody);
      assert.equal(request.headers['content-length'], String(chatBody.length));
      assert.equal(request.headers['transfer-encoding'], undefined);
      // Nothing of the body is left over for the next request.
      client.write(chat());
      assert.equal((await client.response()).status, 200);
      client.destroy();
    });
  }

  test('Expect: 100-continue is answered before the body comes', async () => {
    const client = await connect();
    client.write(chat({expect: '100-continue', 'content-length': chatBody.length}, ''));
    assert.equal((await client.response()).status, 100);
    assert.equal(plane.provider.requests.length, 0);
    client.write(chatBody);
    assert.equal((await client.response()).status, 200);
    assert.equal(plane.provider.requests[0].headers.expect, undefined);
    client.destroy();
  });

  test('Expect: 100-continue is refused at once when the body is too large', async () => {
    const client = await connect();
    client.write(chat({expect: '100-continue', 'content-length': (32 << 20) + 1}, ''));
    const answer = await client.response();
    assert.equal(answer.status, 413);
    assert.equal(answer.headers.connection, 'close');
    await client.drained();
    client.destroy();
  });

  test('HTTP/1.0 clients are answered without chunks', async () => {
    plane.script.answer = (request, socket) =>
      replyInPieces(socket, 200, {'content-type': 'text/event-stream'}, streamEvents.join(''), {size: 50});
    const client = await connect();
    client.write(`POST ${chatPath} HTTP/1.0\r\ncontent-type: application/json\r\n` +
                 `content-length: ${streamBody.length}\r\n\r\n${streamBody}`);
    const bytes = (await client.drained()).toString();
    const [head, body] = bytes.split(/\r\n\r\n(.*)/s);
    assert.match(head, /^HTTP\/1\.[01] 200 /);
    assert.doesNotMatch(head, /transfer-encoding/i);
    assert.equal(body, streamEvents.join(''));
    client.destroy();
  });

  test('an HTTP/1.0 client may keep its connection where the length is known', async () => {
    const client = await connect();
    const request = `POST ${chatPath} HTTP/1.0\r\nconnection: keep-alive\r\n` +
      `content-type: application/json\r\ncontent-length: ${chatBody.length}\r\n\r\n${chatBody}`;
    for (let i = 0; i < 2; i++) {
      client.write(request);
      const answer = await client.response();
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.connection, 'keep-alive');
    }
    client.destroy();
  });

  test('a client that closes its side after Connection: close gets its answer', async () => {
    plane.script.answer = async (request, socket) => {
      await sleep(100);
      answerChat(request, socket);
    };
    const client = await connect();
    client.write(chat({connection: 'close'})).end();
    const answer = await client.response();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.connection, 'close');
    assert.equal((await plane.record(answer.headers['x-budget-request-id'])).error, '');
    client.destroy();
  });

  test('a client that closes its side of a kept connection has hung up', async () => {
    let told;
    const closed = new Promise((resolve) => { told = resolve; });
    let asked;
    const arrived = new Promise((resolve) => { asked = resolve; });
    plane.script.answer = (request, socket) => {
      asked();
      socket.on('close', told);
    };
    const known = (await plane.budget.records()).length;
    const client = await connect();
    client.write(chat());
    await arrived;
    client.end();
    await closed;
    const records = await until(async () => {
      const all = await plane.budget.records();
      return all.length > known ? all : null;
    }, 'a record');
    assert.equal(records.at(-1).error, 'client_gone');
    client.destroy();
  });

  test('a client that leaves in the middle of its request leaves nothing behind', async () => {
    const known = (await plane.budget.records()).length;
    const client = await connect();
    client.write(chat().slice(0, -10));
    client.destroy();
    const other = await connect();
    other.write(chat());
    assert.equal((await other.response()).status, 200);
    assert.equal((await plane.budget.records()).length, known + 1);
    assert.equal(plane.provider.requests.length, 1);
    other.destroy();
  });
});

describe('answers', () => {
  test('to HEAD have a head alone', async () => {
    plane.script.answer = (request, socket) =>
      socket.write(responseHead(200, {...jsonType, 'content-length': 1234}));
    const client = await connect();
    client.write(requestText('HEAD', '/openai/v1/models'));
    const answer = await client.response({headOnly: true});
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-length'], '1234');
    plane.script.answer = answerChat;
    client.write(chat());
    assert.equal((await client.response()).status, 200);
    client.destroy();
  });

  for (const status of [204, 304]) {
    test(`of status ${status} end with their head`, async () => {
      plane.script.answer = (request, socket) => socket.write(responseHead(status, {etag: '"x"'}));
      const client = await connect();
      client.write(requestText('GET', '/openai/v1/models'));
      assert.equal((await client.response()).status, status);
      plane.script.answer = answerChat;
      client.write(chat());
      assert.equal((await client.response()).status, 200);
      client.destroy();
    });
  }

  test('pass chunk by chunk with extensions and trailers', async () => {
    const wire = `5;x=1\r\ndata:\r\n3\r\n a\n\r\n1\r\n\n\r\n0\r\nX-Sum: abc\r\n\r\n`;
    plane.script.answer = (request, socket) => socket.write(
      responseHead(200, {'content-type': 'text/event-stream', trailer: 'X-Sum',
                         'transfer-encoding': 'chunked'}) + wire);
    const client = await connect();
    client.write(chat({}, streamBody));
    const answer = await client.response();
    assert.equal(answer.wire.toString(), wire);
    assert.equal(answer.trailers, 'X-Sum: abc');
    client.destroy();
  });

  test('that are interim are passed over', async () => {
    plane.script.answer = (request, socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
      answerChat(request, socket);
    };
    const client = await connect();
    client.write(chat());
    assert.equal((await client.response()).text, chatAnswer);
    client.destroy();
  });

  test('that end with their connection come in chunks', async () => {
    plane.script.answer = (request, socket) => {
      socket.write(responseHead(200, {'content-type': 'text/event-stream', connection: 'close'}));
      socket.end(streamEvents.join(''));
    };
    const client = await connect();
    client.write(chat({}, streamBody));
    const answer = await client.response();
    assert.equal(answer.text, streamEvents.join(''));
    assert.equal(answer.headers['transfer-encoding'], 'chunked');
    const record = await plane.record(answer.headers['x-budget-request-id']);
    assert.deepEqual([record.input_tokens, record.output_tokens], [9, 3]);
    client.write(requestText('GET', '/health'));
    assert.equal((await client.response()).status, 200);
    client.destroy();
  });

  test('of HTTP/1.0 providers pass too', async () => {
    plane.script.answer = (request, socket) => socket.end(
      `HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${chatAnswer}`);
    const client = await connect();
    client.write(chat());
    const answer = await client.response();
    assert.equal(answer.text, chatAnswer);
    assert.equal((await plane.record(answer.headers['x-budget-request-id'])).output_tokens, 3);
    client.destroy();
  });

  test('keep their fields: order, case, duplicates; not those of one hop', async () => {
    const fields = [['Server', 'test'], ['X-MIXED-case', 'a'], ['Set-Cookie', 'a=1'],
                    ['Content-Type', 'application/json'], ['Set-Cookie', 'b=2'],
                    ['x-empty', ''], ['X-Utf8', 'h\u00c3\u00a9']];
    const hop = [['Connection', 'keep-alive, X-Mine'], ['X-Mine', 'no'], ['Keep-Alive', 'timeout=5'],
                 ['Proxy-Authenticate', 'Basic'], ['Upgrade', 'h2c'], ['x-budget-cost', '0']];
    plane.script.answer = (request, socket) => socket.write(Buffer.from(
      'HTTP/1.1 200 Fine By Me\r\n' +
      [...fields, ...hop].map(([name, value]) => `${name}: ${value}\r\n`).join('') +
      `content-length: ${chatAnswer.length}\r\n\r\n${chatAnswer}`, 'latin1'));
    const client = await connect();
    client.write(chat());
    const answer = await client.response();
    assert.equal(answer.start, 'HTTP/1.1 200 Fine By Me');
    assert.deepEqual(answer.rawHeaders.filter(([name]) => !/^(x-budget-|content-length)/.test(name)), fields);
    assert.notEqual(answer.headers['x-budget-cost'], '0');
    client.destroy();
  });

  for (const [coding, pack] of [['gzip', zlib.gzipSync], ['br', zlib.brotliCompressSync],
                                ['deflate', zlib.deflateSync]]) {
    for (const [kind, body, plain, type] of [
      ['body', chatBody, chatAnswer, 'application/json'],
      ['stream', streamBody, streamEvents.join(''), 'text/event-stream']]) {
      test(`in ${coding} pass as they are and are metered: ${kind}`, async () => {
        const packed = pack(Buffer.from(plain));
        plane.script.answer = (request, socket) => replyInPieces(
          socket, 200, {'content-type': type, 'content-encoding': coding}, packed, {size: 11});
        const client = await connect();
        client.write(chat({'accept-encoding': coding}, body));
        const answer = await client.response();
        assert.deepEqual(answer.body, packed);
        assert.equal(answer.headers['content-encoding'], coding);
        const record = await plane.record(answer.headers['x-budget-request-id']);
        assert.deepEqual([record.input_tokens, record.output_tokens, record.usage_source],
                         [9, 3, 'reported']);
        client.destroy();
      });
    }
  }

  test('in zstd pass as they are and are metered', async () => {
    // A frame of one raw block (RFC 8878): magic, single segment with a
    // one-byte size of 2 bytes + 256, last raw block.
    const body = Buffer.from(chatAnswer);
    assert.ok(body.length >= 256);
    const size = Buffer.alloc(2);
    size.writeUInt16LE(body.length - 256);
    const block = Buffer.alloc(3);
    block.writeUIntLE((body.length << 3) | 1, 0, 3);
    const packed = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x60]), size, block, body]);
    plane.script.answer = (request, socket) =>
      reply(socket, 200, {...jsonType, 'content-encoding': 'zstd'}, packed);
    const client = await connect();
    client.write(chat());
    const answer = await client.response();
    assert.deepEqual(answer.body, packed);
    assert.equal((await plane.record(answer.headers['x-budget-request-id'])).output_tokens, 3);
    client.destroy();
  });

  test('reach the client event by event, while they are being made', async () => {
    let go;
    plane.script.answer = async (request, socket) => {
      socket.write(responseHead(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'}));
      for (const event of streamEvents) {
        await new Promise((resolve) => { go = resolve; });
        socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      }
      socket.write('0\r\n\r\n');
    };
    const client = await connect();
    client.write(chat({}, streamBody));
    // The head does not wait for the first event.
    await client.seen('\r\n\r\n');
    for (const event of streamEvents) {
      await until(() => go, 'the provider');
      const release = go;
      go = undefined;
      release();
      await client.seen(event);
    }
    assert.equal((await client.response()).text, streamEvents.join(''));
    client.destroy();
  });
});

describe('back-pressure', () => {
  test('a client that does not read stops its provider, and nobody else', async () => {
    const total = 64 << 20;
    const piece = Buffer.alloc(64 << 10, 'x');
    const event = Buffer.concat([Buffer.from('data: '), piece, Buffer.from('\n\n')]);
    const frame = Buffer.concat([Buffer.from(`${event.length.toString(16)}\r\n`), event, Buffer.from('\r\n')]);
    let written = 0;
    let stalled;
    const stall = new Promise((resolve) => { stalled = resolve; });
    plane.script.answer = async (request, socket) => {
      if (request.headers['x-test'] !== 'flood') return answerChat(request, socket);
      socket.write(responseHead(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'}));
      while (written < total && !socket.destroyed) {
        const free = socket.write(frame);
        written += frame.length;
        if (free) continue;
        const quiet = setTimeout(stalled, 500);
        await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
        clearTimeout(quiet);
      }
      socket.write('0\r\n\r\n');
    };
    const memory = plane.budget.memory();
    const client = await connect();
    client.socket.pause();
    client.write(chat({'x-test': 'flood'}, streamBody));
    await stall;
    assert.ok(written < total, 'everything was taken in');
    assert.ok(plane.budget.memory() - memory < 24 << 20,
              `memory grew by ${plane.budget.memory() - memory} bytes`);
    // Two of each worker: none of them waits for the slow one.
    for (let i = 0; i < 8; i++) {
      const other = await connect();
      other.write(chat());
      assert.equal((await other.response()).status, 200);
      other.destroy();
    }
    // Reading on, it gets the rest.
    let got = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (bytes) => { got += bytes.length; });
    client.socket.resume();
    await until(() => got > total, 'the whole flood', 30_000);
    client.destroy();
  });

  test('a provider that does not read holds its own call, which goes on once it does', async () => {
    const body = JSON.stringify({model: 'gpt-4o-mini', max_tokens: 5,
      messages: [{role: 'user', content: 'x'.repeat(20 << 20)}]});
    plane.provider.onConnect = (socket) => socket.pause();
    for (const socket of plane.provider.sockets) socket.pause();
    const client = await connect();
    client.write(chat({}, body));
    // The proxy takes the body in, whole and bounded, and no further.
    await until(() => client.socket.writableLength === 0, 'the proxy', 30_000);
    await sleep(100);
    assert.equal(plane.provider.requests.length, 0);
    plane.provider.onConnect = undefined;
    for (const socket of plane.provider.sockets) socket.resume();
    const answer = await client.response({ms: 30_000});
    assert.equal(answer.status, 200);
    assert.equal(plane.provider.requests[0].body.length, body.length);
    client.destroy();
  });
});
