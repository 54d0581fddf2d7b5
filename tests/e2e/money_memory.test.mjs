// Memory is bounded whatever clients and providers do: a slow reader slows its
// own provider down, and a stream that waits costs little.
import assert from 'node:assert/strict';
import net from 'node:net';
import {test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {chat, prices, question} from './lib/money.mjs';
import {sleep, startProvider} from './lib/provider.mjs';

const MiB = 1024 * 1024;
const idleStreams = 1000;

function send(url, path, body, headers = {}) {
  const {port} = new URL(url);
  const text = JSON.stringify(body);
  const lines = Object.entries({host: `127.0.0.1:${port}`, 'content-type': 'application/json',
                                'content-length': Buffer.byteLength(text), ...headers})
    .map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const socket = net.connect({host: '127.0.0.1', port: Number(port)});
  socket.on('error', () => {});
  socket.write(`POST ${path} HTTP/1.1\r\n${lines}\r\n${text}`);
  return socket;
}

const config = (provider, more = '') => `
providers:
  simulated: {format: simulated}
  scripted: {format: openai, url: "${provider.url}", pool: {max: 10}}
budgets:
  - name: b
    policies: [{name: p, period: total, cost_limit: 100000${more}}]
${prices}    "scripted/*": {input: 2.50, output: 10.00}
`;

// Writes `total` bytes of events as fast as the reader takes them.
async function pour(socket, total, written) {
  const text = `data: ${JSON.stringify({id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o',
    choices: [{index: 0, delta: {content: ' the wide blue sea'.repeat(50)}, finish_reason: null}]})}\n\n`;
  const block = Buffer.from(`${(text.length * 64).toString(16)}\r\n${text.repeat(64)}\r\n`);
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n');
  while (written.bytes < total && !socket.destroyed) {
    written.bytes += block.length;
    if (!socket.write(block)) {
      await new Promise((resolve) => { socket.once('drain', resolve); socket.once('close', resolve); });
    }
  }
  const end = 'data: [DONE]\n\n';
  socket.write(`${end.length.toString(16)}\r\n${end}\r\n0\r\n\r\n`);
}

for (const more of ['', ', reserve: incremental']) {
  test(`a slow reader of a 100 MB stream holds its provider back${more && ', metered in steps'}`, async (t) => {
    const written = {bytes: 0};
    const provider = await startProvider((_, socket) => pour(socket, 100 * MiB, written));
    const proxy = await new Budget({config: config(provider, more)}).start();
    try {
      // One call first, so that what is made once is made.
      await proxy.post(chat, question({max_tokens: 5}));
      const before = proxy.memory();
      const socket = send(proxy.url, '/scripted/v1/chat/completions',
                          question({stream: true, max_tokens: 100_000_000}));
      let read = 0;
      let ahead = 0;
      let most = 0;
      socket.on('data', (bytes) => {
        read += bytes.length;
        ahead = Math.max(ahead, written.bytes - read);
        most = Math.max(most, proxy.memory());
        if (read % (1 * MiB) < bytes.length) {  // a breath at every mebibyte
          socket.pause();
          setTimeout(() => socket.resume(), 20);
        }
      });
      // Not reading at all for a while: nothing may pile up in the proxy.
      await new Promise((resolve) => socket.once('data', resolve));
      socket.pause();
      await sleep(500);
      const paused = written.bytes;
      await sleep(200);
      assert.equal(written.bytes, paused, 'the provider writes on while nobody reads');
      socket.resume();
      for (const until = Date.now() + 60_000; read < 100 * MiB; await sleep(20)) {
        assert.ok(Date.now() < until && !socket.destroyed, `only ${read} bytes read`);
      }
      socket.destroy();
      const grown = (most - before) / MiB;
      t.diagnostic(`memory grew by ${grown.toFixed(1)} MiB; the provider was ahead by at most ` +
                   `${(ahead / MiB).toFixed(1)} MiB, socket buffers included`);
      assert.ok(grown < 12, `memory grew by ${grown.toFixed(1)} MiB`);
      // Both sockets' buffers on both sides, in the kernel and in node.
      assert.ok(ahead < 40 * MiB, `the provider was ahead by ${ahead} bytes`);
    } finally {
      await proxy.stop();
      await provider.close();
    }
  });
}

async function idleCost(t, path, headers, answer) {
  const provider = await startProvider(answer);
  const proxy = await new Budget({config: config(provider)}).start();
  const sockets = [];
  const open = async (count) => {
    const begun = [];
    for (let i = 0; i < count; i++) {
      const socket = send(proxy.url, path, question({stream: true, max_tokens: 50}), headers);
      sockets.push(socket);
      begun.push(new Promise((resolve) => socket.once('data', resolve)));
      if (i % 50 === 49) await Promise.all(begun);
    }
    await Promise.all(begun);
    await sleep(200);
  };
  try {
    await open(100);  // what grows once has grown then
    const before = proxy.memory();
    await open(idleStreams);
    const each = (proxy.memory() - before) / idleStreams / 1024;
    t.diagnostic(`${each.toFixed(1)} KiB a stream`);
    assert.ok(each < 40, `${each.toFixed(1)} KiB a stream`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await proxy.stop();
    await provider.close();
  }
}

const hello = `data: ${JSON.stringify({id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o',
  choices: [{index: 0, delta: {content: 'sea'}, finish_reason: null}]})}\n\n`;

test(`${idleStreams} streams that wait for a provider cost less than 40 KB each`, (t) =>
  idleCost(t, '/scripted/v1/chat/completions', {}, (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n' +
                 `${hello.length.toString(16)}\r\n${hello}\r\n`);
  }));

test(`${idleStreams} streams that wait for the built-in provider cost less than 40 KB each`, (t) =>
  idleCost(t, chat, {'x-simulate-stall-after': '1500', 'x-simulate-output-tokens': '50'}, () => {}));
