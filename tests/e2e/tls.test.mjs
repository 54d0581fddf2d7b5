// TLS towards clients: certificates, versions, client certificates.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {temporaryFolder} from './lib/budget.mjs';
import {answerChat, chatAnswer, chatBody, chatPath, jsonType, startPlane, streamBody, streamEvents}
  from './lib/plane.mjs';
import {replyInPieces, sleep} from './lib/provider.mjs';
import {RawClient, requestText, until} from './lib/raw.mjs';

const chat = (headers = {}, body = chatBody) =>
  requestText('POST', chatPath, {...jsonType, ...headers}, body);
const old = {minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0'};

describe('a self-signed listener', () => {
  let plane;
  let trust;
  before(async () => {
    plane = await startPlane({tls: true, config: 'limits: {request_body: 1MiB, header_timeout: 500ms}'});
    trust = {ca: plane.budget.ca};
  });
  after(() => plane?.close());
  const connect = (options = {}) => RawClient.connect(plane.budget.url, {tls: {...trust, ...options}});

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`speaks ${version}, to those who trust its certificate`, async () => {
      const client = await connect({minVersion: version, maxVersion: version});
      assert.equal(client.socket.getProtocol(), version);
      for (let i = 0; i < 3; i++) {
        client.write(chat());
        assert.equal((await client.response()).text, chatAnswer);
      }
      client.destroy();
    });
  }

  for (const version of ['TLSv1', 'TLSv1.1']) {
    test(`refuses ${version}`, async () => {
      await assert.rejects(connect({...old, maxVersion: version}), /alert|version|EPROTO|ECONNRESET/i);
    });
  }

  test('is not trusted by others', async () => {
    await assert.rejects(RawClient.connect(plane.budget.url, {tls: {}}), /self.signed/i);
  });

  test('keeps its key to itself', () => {
    const {mode} = fs.statSync(path.join(plane.budget.folder, 'data/tls/self_signed.key'));
    assert.equal(mode & 0o777, 0o600);
  });

  test('resumes sessions', async () => {
    const first = await connect({maxVersion: 'TLSv1.2'});
    const session = first.socket.getSession();
    first.destroy();
    const second = await connect({maxVersion: 'TLSv1.2', session});
    assert.equal(second.socket.isSessionReused(), true);
    second.destroy();
  });

  test('carries large bodies both ways, and streams', async () => {
    const body = JSON.stringify({model: 'gpt-4o-mini', max_tokens: 5,
      messages: [{role: 'user', content: 'x'.repeat(900_000)}]});
    const answer = Buffer.alloc(3 << 20, 'y');
    plane.script.answer = (request, socket) => replyInPieces(
      socket, 200, {'content-type': 'application/octet-stream'}, answer, {size: 50_000});
    const client = await connect();
    client.write(chat({}, body));
    assert.ok((await client.response()).body.equals(answer));
    assert.equal(plane.provider.requests.at(-1).body.toString(), body);
    plane.script.answer = (request, socket) => replyInPieces(
      socket, 200, {'content-type': 'text/event-stream'}, streamEvents.join(''), {size: 40});
    client.write(chat({}, streamBody));
    assert.equal((await client.response()).text, streamEvents.join(''));
    plane.script.answer = answerChat;
    client.destroy();
  });

  test('tells a client that is still sending that its body is too large', async () => {
    for (let i = 0; i < 5; i++) {
      const client = await connect();
      client.write(chat({'content-length': 2 << 20}, '') + 'x'.repeat(1 << 19));
      assert.equal((await client.response()).status, 413);
      client.destroy();
    }
  });

  test('ends in order: close_notify comes before the end', async () => {
    const client = await connect();
    client.write(chat({connection: 'close'}));
    assert.equal((await client.response()).status, 200);
    await until(() => client.ended, 'the end');
    assert.equal(client.error, undefined);
    client.destroy();
  });

  test('notices a client that hangs up', async () => {
    let asked;
    const arrived = new Promise((resolve) => { asked = resolve; });
    let left;
    const gone = new Promise((resolve) => { left = resolve; });
    plane.script.answer = (request, socket) => {
      socket.on('close', left);
      asked();
    };
    const client = await connect();
    client.write(chat());
    await arrived;
    client.destroy();
    await gone;
    plane.script.answer = answerChat;
  });

  test('answers a client that closed its side after Connection: close', async () => {
    plane.script.answer = async (request, socket) => {
      await sleep(100);
      answerChat(request, socket);
    };
    const client = await connect();
    client.write(chat({connection: 'close'})).end();
    assert.equal((await client.response()).status, 200);
    client.destroy();
    plane.script.answer = answerChat;
  });

  test('closes on those who speak plain HTTP, or begin no handshake', async () => {
    const plain = plane.budget.url.replace('https', 'http');
    const speaks = await RawClient.connect(plain);
    speaks.write('GET /health HTTP/1.1\r\nhost: h\r\n\r\n');
    assert.doesNotMatch((await speaks.drained()).toString('latin1'), /HTTP\/1.1 200/);
    const silent = await RawClient.connect(plain);
    await silent.drained();
    silent.destroy();
    speaks.destroy();
  });
});

describe('a listener with certificate files and a client CA', () => {
  const folder = temporaryFolder();
  const file = (name) => path.join(folder, name);
  const read = (name) => fs.readFileSync(file(name));
  const openssl = (...args) => execFileSync('openssl', args, {cwd: folder, stdio: 'pipe'});
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  let plane;

  before(async () => {
    for (const name of ['ca', 'other']) {
      openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '2',
              '-subj', `/CN=${name}`);
    }
    fs.writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1');
    for (const [name, ca] of [['server', 'ca'], ['client', 'ca'], ['stranger', 'other']]) {
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${ca}.crt`, '-CAkey', `${ca}.key`,
              '-CAcreateserial', '-days', '2', '-out', `${name}.crt`, '-extfile', 'ext');
    }
    const tls = `{certificate: ${file('server.crt')}, key: ${file('server.key')}, client_ca: ${file('ca.crt')}}`;
    plane = await startPlane({listen: `listen:
  - {address: "127.0.0.1:0", serve: [llm], tls: ${tls}}
  - {address: "127.0.0.1:0", serve: [llm, admin], tls: off}`});
  });
  after(async () => {
    await plane?.close();
    fs.rmSync(folder, {recursive: true, force: true});
  });

  const url = (scheme) => plane.budget.lines.map((line) => JSON.parse(line))
    .find((line) => line.event === 'listening' && line.url.startsWith(`${scheme}:`)).url;
  // With TLS 1.3 a client learns only after its handshake that it was refused.
  const ask = async (options) => {
    const client = await RawClient.connect(url('https'), {tls: {ca: read('ca.crt'), ...options}});
    try {
      client.write(chat());
      return (await client.response()).status;
    } finally {
      client.destroy();
    }
  };

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    test(`serves clients with its certificate and no others (${maxVersion})`, async () => {
      assert.equal(await ask({maxVersion, cert: read('client.crt'), key: read('client.key')}), 200);
      await assert.rejects(ask({maxVersion}));
      await assert.rejects(ask({maxVersion, cert: read('stranger.crt'), key: read('stranger.key')}));
    });
  }

  test('a plain listener beside it serves what it is told to', async () => {
    const client = await RawClient.connect(url('http'));
    client.write(chat());
    assert.equal((await client.response()).status, 200);
    client.write(requestText('GET', '/health'));
    assert.equal((await client.response()).status, 200);
    client.destroy();
  });

  test('a listener for models alone does not serve the admin API', async () => {
    const client = await RawClient.connect(url('https'),
      {tls: {ca: read('ca.crt'), cert: read('client.crt'), key: read('client.key')}});
    client.write(requestText('GET', '/api/budgets'));
    assert.equal((await client.response()).status, 404);
    client.destroy();
  });
});
