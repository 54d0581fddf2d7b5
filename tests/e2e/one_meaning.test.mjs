// Requests that the proxy and a provider could read differently: each is
// refused with 400 and never forwarded (guarantee G8).
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {chatBody, chatPath, startPlane} from './lib/plane.mjs';
import {RawClient} from './lib/raw.mjs';

let plane;
before(async () => {
  plane = await startPlane({config: 'limits: {header_timeout: 2s}'});
});
after(() => plane?.close());
beforeEach(() => {
  plane.provider.requests.length = 0;
});

const length = (body) => `content-length: ${Buffer.byteLength(body)}\r\n`;
const type = 'content-type: application/json\r\n';

// A whole request as bytes; the parts that a test does not break are right.
function request({start = `POST ${chatPath} HTTP/1.1`, host = 'host: h\r\n', fields = type,
                  framing, body = chatBody} = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`${start}\r\n${host}${fields}${framing ?? length(bytes)}\r\n`, 'latin1'), bytes]);
}

// The provider saw nothing, the client got `status`, and the connection is of
// no further use where its framing was in doubt.
async function refused(bytes, {status = 400, closes = true, anthropic = false} = {}) {
  const client = await RawClient.connect(plane.budget.url);
  try {
    client.write(bytes);
    const answer = await client.response();
    assert.equal(answer.status, status, answer.text);
    if (anthropic) {
      assert.deepEqual([answer.json.type, answer.json.error.type], ['error', 'invalid_request_error']);
    } else if (status === 400) {
      assert.deepEqual([answer.json.error.type, answer.json.error.code],
                       ['invalid_request_error', 'invalid_request']);
    }
    if (closes) {
      assert.equal(answer.headers.connection, 'close');
      assert.equal((await client.drained()).length, 0, 'the connection went on');
    }
    assert.equal(plane.provider.requests.length, 0, 'it was forwarded');
  } finally {
    client.destroy();
  }
}

const smuggled = `GET /openai/v1/models HTTP/1.1\r\nhost: h\r\n\r\n`;
const chunkedBody = `${chatBody.length.toString(16)}\r\n${chatBody}\r\n0\r\n\r\n`;

describe('framing', () => {
  const cases = {
    'no Host': {host: ''},
    'Host twice': {host: 'host: h\r\nHost: h\r\n'},
    'Host twice, differing': {host: 'host: a\r\nHost: b\r\n'},
    'Content-Length and chunks': {
      framing: `${length(chatBody)}transfer-encoding: chunked\r\n`, body: chatBody + smuggled},
    'chunks and Content-Length': {
      framing: `transfer-encoding: chunked\r\n${length(chunkedBody)}`, body: chunkedBody},
    'Transfer-Encoding: xchunked': {framing: 'transfer-encoding: xchunked\r\n', body: chunkedBody},
    'Transfer-Encoding: chunked, identity': {
      framing: 'transfer-encoding: chunked, identity\r\n', body: chunkedBody},
    'Transfer-Encoding: identity, chunked': {
      framing: 'transfer-encoding: identity, chunked\r\n', body: chunkedBody},
    'Transfer-Encoding: gzip, chunked': {framing: 'transfer-encoding: gzip, chunked\r\n', body: chunkedBody},
    'Transfer-Encoding: identity': {framing: 'transfer-encoding: identity\r\n', body: ''},
    'Transfer-Encoding: chunked;q=1': {framing: 'transfer-encoding: chunked;q=1\r\n', body: chunkedBody},
    'an empty Transfer-Encoding': {framing: 'transfer-encoding:\r\n', body: chunkedBody},
    'Transfer-Encoding twice': {
      framing: 'transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', body: chunkedBody},
    'Transfer-Encoding with a vertical tab': {
      framing: 'transfer-encoding: \x0bchunked\r\n', body: chunkedBody},
    'Transfer-Encoding and a space before the colon': {
      framing: 'transfer-encoding : chunked\r\n', body: chunkedBody},
    'chunks in HTTP/1.0': {start: `POST ${chatPath} HTTP/1.0`,
                           framing: 'transfer-encoding: chunked\r\n', body: chunkedBody},
    'Content-Length twice': {framing: `${length(chatBody)}${length(chatBody)}`},
    'Content-Length twice, differing': {framing: `${length(chatBody)}content-length: 4\r\n`},
    'Content-Length as a list': {framing: `content-length: ${chatBody.length}, ${chatBody.length}\r\n`},
    'Content-Length with a plus': {framing: `content-length: +${chatBody.length}\r\n`},
    'Content-Length with a minus': {framing: 'content-length: -1\r\n'},
    'Content-Length in hex': {framing: 'content-length: 0x10\r\n'},
    'Content-Length with a fraction': {framing: 'content-length: 4.0\r\n'},
    'Content-Length that is empty': {framing: 'content-length:\r\n'},
    'Content-Length beyond 64 bits': {framing: 'content-length: 18446744073709551617\r\n'},
    'a folded line': {fields: `${type}x-a: b\r\n c\r\n`},
    'a folded line by tab': {fields: `${type}x-a: b\r\n\tc\r\n`},
    'a folded line before the fields': {host: ' x: y\r\nhost: h\r\n'},
    'a line ended by LF alone': {fields: `${type}x-a: b\n`},
    'a field smuggled behind a bare CR': {fields: `${type}x-a: b\rx-c: d\r\n`},
    'a NUL in a value': {fields: `${type}x-a: b\0c\r\n`},
    'a NUL in a name': {fields: `${type}x\0a: b\r\n`},
    'a space in a name': {fields: `${type}x a: b\r\n`},
    'a space before the colon': {fields: `${type}x-a : b\r\n`},
    'no name': {fields: `${type}: b\r\n`},
    'no colon': {fields: `${type}x-a\r\n`},
    'an escape in a value': {fields: `${type}x-a: \x1b[0m\r\n`},
  };
  for (const [name, parts] of Object.entries(cases)) {
    test(name, () => refused(request(parts)));
  }

  test('lines ended by LF alone throughout', () =>
    refused(Buffer.from(request().toString('latin1').replaceAll('\r\n', '\n'), 'latin1')));
  test('a request line ended by LF alone', () =>
    refused(Buffer.from(request().toString('latin1').replace('\r\n', '\n'), 'latin1')));
});

describe('the start line', () => {
  for (const [name, start] of Object.entries({
    'a target in absolute form': `POST http://api.openai.com${chatPath} HTTP/1.1`,
    'a target in absolute form to this proxy': `POST http://h${chatPath} HTTP/1.1`,
    'an authority': 'CONNECT api.openai.com:443 HTTP/1.1',
    'an asterisk': 'OPTIONS * HTTP/1.1',
    'no slash': 'POST openai/v1/chat/completions HTTP/1.1',
    'a fragment': `POST ${chatPath}#x HTTP/1.1`,
    'a space in the target': `POST ${chatPath} x HTTP/1.1`,
    'a tab in the target': `POST ${chatPath}\tx HTTP/1.1`,
    'bytes over 127 in the target': `POST ${chatPath}\xff HTTP/1.1`,
    'two spaces': `POST  ${chatPath} HTTP/1.1`,
    'no version': `POST ${chatPath}`,
    'HTTP/1.2': `POST ${chatPath} HTTP/1.2`,
    'HTTP/2.0': `POST ${chatPath} HTTP/2.0`,
    'HTTP/0.9': `POST ${chatPath} HTTP/0.9`,
    'a lower-case version': `POST ${chatPath} http/1.1`,
    'a method that is no token': `PO(ST ${chatPath} HTTP/1.1`,
    'an HTTP/2 preface': 'PRI * HTTP/2.0',
  })) {
    test(name, () => refused(request({start})));
  }
  test('TLS spoken to a plain port', () =>
    refused(Buffer.from('16030100f8010000f40303' + '0d0a'.repeat(40) + '0d0a0d0a', 'hex')));
});

describe('paths', () => {
  for (const target of [
    '/openai/v1/../v1/chat/completions', '/openai/./v1/chat/completions', '/openai/v1/chat/completions/..',
    '/openai/v1/chat/completions/.', '/openai/%2e%2e/openai/v1/chat/completions',
    '/openai/%2E./v1/chat/completions', '/openai/.%2e/v1/chat/completions', '/openai/v1/%2e/chat/completions',
    '/openai//v1/chat/completions', '/openai/v1/chat//completions', '/openai/v1%2fchat%2fcompletions',
    '/openai/v1/chat%2Fcompletions', '/openai/v1/chat\\completions', '/openai/v1/chat%5ccompletions',
    '/openai/v1/chat/completions%00', '/openai/v1/chat/completions%0a', '/openai/v1/chat/completions%',
    '/openai/v1/chat/completions%4', '/openai/v1/chat/completions%zz', '/openai/v1/chat/completions%7f',
    '/openai/../admin', '/@apollo/../openai/v1/chat/completions', '/@a%2fb/openai/v1/chat/completions',
  ]) {
    test(target, () => refused(request({start: `POST ${target} HTTP/1.1`}), {closes: false})
      .catch(async (error) => {
        // A path that is not in the table may be refused as one that cannot be
        // metered, or as no provider's: never forwarded, all the same.
        if (!/403|404/.test(error.message)) throw error;
        assert.equal(plane.provider.requests.length, 0);
      }));
  }

  test('an encoded letter of a known path is not a way round its meter', () =>
    refused(request({start: 'POST /openai/v1/chat/complet%69ons HTTP/1.1'}), {status: 403, closes: false}));
  test('a known path in capitals is not a way round its meter', () =>
    refused(request({start: 'POST /openai/V1/Chat/Completions HTTP/1.1'}), {status: 403, closes: false}));
  test('a slash at the end is not a way round the meter', () =>
    refused(request({start: `POST ${chatPath}/ HTTP/1.1`}), {status: 403, closes: false}));
});

describe('bodies', () => {
  const messages = '"messages":[{"role":"user","content":"hi"}]';
  const cases = {
    'model twice': `{"model":"gpt-4o-mini","model":"gpt-4o",${messages},"max_tokens":5}`,
    'model twice, once escaped': `{"model":"gpt-4o-mini","mod\\u0065l":"gpt-4o",${messages},"max_tokens":5}`,
    'max_tokens twice': `{"model":"gpt-4o-mini","max_tokens":5,${messages},"max_tokens":5000}`,
    'max_completion_tokens twice': `{"model":"gpt-4o-mini","max_completion_tokens":5,${messages},"max_completion_tokens":9}`,
    'stream twice': `{"model":"gpt-4o-mini","stream":false,${messages},"stream":true,"max_tokens":5}`,
    'n twice': `{"model":"gpt-4o-mini","n":1,${messages},"n":9,"max_tokens":5}`,
    'no JSON': 'hello',
    'no object': '[1]',
    'half an object': `{"model":"gpt-4o-mini",${messages}`,
    'something behind the object': `{"model":"gpt-4o-mini",${messages},"max_tokens":5} {}`,
    'a comment': `{"model":"gpt-4o-mini",/* x */${messages},"max_tokens":5}`,
    'a comma at the end': `{"model":"gpt-4o-mini",${messages},"max_tokens":5,}`,
    'single quotes': `{'model':'gpt-4o-mini'}`,
    'no model': `{${messages},"max_tokens":5}`,
    'a model that is no text': `{"model":5,${messages},"max_tokens":5}`,
    'an empty model': `{"model":"",${messages},"max_tokens":5}`,
    'a ceiling that is no number': `{"model":"gpt-4o-mini","max_tokens":"5",${messages}}`,
    'a ceiling below nothing': `{"model":"gpt-4o-mini","max_tokens":-5,${messages}}`,
    'a ceiling beyond 64 bits': `{"model":"gpt-4o-mini","max_tokens":99999999999999999999,${messages}}`,
    'a ceiling with a fraction': `{"model":"gpt-4o-mini","max_tokens":5.5,${messages}}`,
    'NaN': `{"model":"gpt-4o-mini","max_tokens":NaN,${messages}}`,
    'no body': '',
    'a byte-order mark': Buffer.from(`\ufeff{"model":"gpt-4o-mini",${messages},"max_tokens":5}`),
    'UTF-16': Buffer.from(`{"model":"gpt-4o-mini",${messages},"max_tokens":5}`, 'utf16le'),
    'bytes that are no UTF-8': Buffer.concat([Buffer.from('{"model":"gpt-4o-mini","max_tokens":5,"messages":[{"role":"user","content":"'),
      Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}]}')]),
    'half a UTF-8 character': Buffer.concat([Buffer.from('{"model":"gpt-4o-mini","max_tokens":5,"messages":[{"role":"user","content":"'),
      Buffer.from([0xe2, 0x82]), Buffer.from('"}]}')]),
    'an endless nesting': `{"model":"gpt-4o-mini","max_tokens":5,"messages":${'['.repeat(100_000)}`,
  };
  for (const [name, body] of Object.entries(cases)) {
    test(name, () => refused(request({body}), {closes: false}));
  }

  test('the refusal is in the words of the route', () => refused(
    request({start: 'POST /anthropic/v1/messages HTTP/1.1',
             body: `{"model":"claude-3-5-haiku-20241022","model":"claude-opus-4-1",${messages},"max_tokens":5}`}),
    {closes: false, anthropic: true}));

  test('the connection serves the next request', async () => {
    const client = await RawClient.connect(plane.budget.url);
    client.write(request({body: '{'}));
    assert.equal((await client.response()).status, 400);
    client.write(request());
    assert.equal((await client.response()).status, 200);
    client.destroy();
  });
});
