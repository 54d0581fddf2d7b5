// A real redis-server of a test's own: its port, its folder, ended by its pid.
import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {temporaryFolder} from './budget.mjs';
import {sleep} from './provider.mjs';

export const installed = !spawnSync('redis-server', ['--version']).error;
// For test(): a reason where there is no redis-server.
export const skip = installed ? false : 'redis-server is not installed';

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const {port} = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// One reply (RESP2) from the front of `bytes`: {value, used}, or null when more
// is needed. Errors are values: {error}.
function parse(bytes, at = 0) {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return null;
  const head = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(bytes[at])) {
    case '+': return {value: head, used: next};
    case '-': return {value: {error: head}, used: next};
    case ':': return {value: Number(head), used: next};
    case '$': {
      const size = Number(head);
      if (size < 0) return {value: null, used: next};
      if (bytes.length < next + size + 2) return null;
      return {value: bytes.toString('utf8', next, next + size), used: next + size + 2};
    }
    default: {
      const items = [];
      let from = next;
      for (let i = 0; i < Number(head); i++) {
        const item = parse(bytes, from);
        if (!item) return null;
        items.push(item.value);
        from = item.used;
      }
      return {value: items, used: from};
    }
  }
}

export class Redis {
  // `args`: more of redis-server's command line. Every write is on disk before
  // its answer, so that a kill loses nothing that was answered.
  constructor({args = []} = {}) {
    this.args = args;
    this.folder = temporaryFolder();
  }

  get url() { return `redis://127.0.0.1:${this.port}/0`; }

  // The store section of a proxy whose own files are in `folder`.
  store(folder, more = '') {
    return `store: {kind: redis, url: "${this.url}", path: ${path.join(folder, 'data')}${more}}`;
  }

  async start() {
    this.port ??= await freePort();
    this.process = spawn('redis-server', [
      '--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', '',
      '--appendonly', 'yes', '--appendfsync', 'always', '--logfile', path.join(this.folder, 'log'),
      ...this.args], {stdio: 'ignore'});
    this.exited = new Promise((resolve) => this.process.on('exit', resolve));
    for (let ready = false; !ready;) {
      const answer = await this.ask('PING').catch(() => null);
      ready = answer === 'PONG';
      if (!ready) await sleep(10);
    }
    return this;
  }

  // One command on a connection of its own.
  ask(...words) {
    return new Promise((resolve, reject) => {
      const socket = net.connect({port: this.port, host: '127.0.0.1'});
      let received = Buffer.alloc(0);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('Redis hung up')));
      socket.on('data', (bytes) => {
        received = Buffer.concat([received, bytes]);
        const reply = parse(received);
        if (!reply) return;
        resolve(reply.value);
        socket.destroy();
      });
      const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join('')}`);
    });
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  async stop() {
    await this.kill();
    fs.rmSync(this.folder, {recursive: true, force: true});
  }
}
