// Starts the real binary for a test and ends it again.
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

export const binary = path.resolve(process.env.BUDGET_BINARY ?? 'build/release/budget');
export const sharedDir =
  process.env.BUDGET_SHARED_DIR ?? path.resolve(import.meta.dirname, '../../../../shared');

export function temporaryFolder() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'budget-e2e-'));
}

// One request, the whole answer: {status, headers, body}. Never rejects on a
// status; rejects when the connection breaks.
export function fetchRaw(url, {method = 'GET', headers = {}, body, ca} = {}) {
  const {request} = url.startsWith('https') ? https : http;
  return new Promise((resolve, reject) => {
    const req = request(url, {method, headers, ca, agent: false}, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => resolve({status: res.statusCode, headers: res.headers,
                                   rawHeaders: res.rawHeaders, body: Buffer.concat(chunks)}));
    });
    req.on('error', reject);
    req.end(body);
  });
}

// The store section of a proxy whose own files are in `folder`: embedded, or in
// the Redis at BUDGET_E2E_REDIS, so that every test can be run on either.
function storeIn(folder) {
  const files = `path: ${path.join(folder, 'data')}`;
  const url = process.env.BUDGET_E2E_REDIS;
  if (!url) return `store: {kind: embedded, ${files}}`;
  return `store: {kind: redis, url: "${url}", namespace: ${path.basename(folder)}, ${files}}`;
}

// A running proxy. `config` is YAML text; its listen, store and log sections
// are the harness's (give `listen` or `store` to replace its one; `log` and
// `telemetry` are more members of theirs). Await start(), and stop() or kill()
// it in the end.
export class Budget {
  constructor({config, folder = temporaryFolder(), tls = false, env = {}, listen, store,
               logLevel = 'info', log = '', telemetry = '', adminKey}) {
    this.folder = folder;
    this.tls = tls;
    this.env = env;
    this.adminKey = adminKey;  // undefined: the generated one
    this.configFile = path.join(folder, 'budget.yaml');
    this.head = [
      listen ?? `listen: [{address: "127.0.0.1:0", serve: [llm, admin], tls: ${tls ? 'self_signed' : 'off'}}]`,
      store ?? storeIn(folder),
      `telemetry: {${[`log: {${[`level: ${logLevel}, format: json`, log].filter(Boolean).join(', ')}}`,
        telemetry].filter(Boolean).join(', ')}}`,
    ].join('\n');
    this.writeConfig(config);
    this.lines = [];
    this.waiting = [];
  }

  writeConfig(config) {
    fs.writeFileSync(this.configFile + '.new', `${this.head}\n${config}\n`);
    fs.renameSync(this.configFile + '.new', this.configFile);
  }

  async start() {
    this.process = spawn(binary, ['serve', '--config', this.configFile],
                         {env: {...process.env, ...this.env}, stdio: ['ignore', 'inherit', 'pipe']});
    this.exited = new Promise((resolve) => this.process.on('exit', (code, signal) => {
      this.ended = true;
      resolve({code, signal});
      for (const {reject} of this.waiting.splice(0)) {
        reject(new Error(`budget ended (${code ?? signal}):\n${this.lines.join('\n')}`));
      }
    }));
    let rest = '';
    this.process.stderr.setEncoding('utf8');
    this.process.stderr.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) this.onLine(line);
    });
    const listening = await this.event('listening');
    this.url = listening.url;
    await this.event('ready');
    if (this.tls) this.ca = fs.readFileSync(path.join(this.folder, 'data/tls/self_signed.crt'));
    // There is none where the configuration names keys.
    const keyFile = path.join(this.folder, 'data/admin.key');
    if (fs.existsSync(keyFile)) this.adminKey = fs.readFileSync(keyFile, 'utf8').trim();
    return this;
  }

  onLine(line) {
    this.lines.push(line);
    let parsed;
    try { parsed = JSON.parse(line); } catch { return; }
    for (const waiter of [...this.waiting]) {
      if (parsed.event !== waiter.name || !waiter.accept(parsed)) continue;
      this.waiting.splice(this.waiting.indexOf(waiter), 1);
      waiter.resolve(parsed);
    }
  }

  // The first log line of that name, past or to come.
  event(name, accept = () => true) {
    for (const line of this.lines) {
      try {
        const parsed = JSON.parse(line);
        if (parsed.event === name && accept(parsed)) return Promise.resolve(parsed);
      } catch { /* not a JSON line */ }
    }
    if (this.ended) return Promise.reject(new Error(`budget has ended:\n${this.lines.join('\n')}`));
    return new Promise((resolve, reject) => this.waiting.push({name, accept, resolve, reject}));
  }

  fetch(target, options = {}) {
    return fetchRaw(this.url + target, {ca: this.ca, ...options});
  }

  post(target, body, headers = {}) {
    return this.fetch(target, {
      method: 'POST',
      headers: {'content-type': 'application/json', ...headers},
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  }

  async api(target, options = {}) {
    const answer = await this.fetch(target, {
      ...options, headers: {'x-api-key': this.adminKey, ...options.headers}});
    const parsed = JSON.parse(answer.body.toString());
    if (answer.status !== 200) throw new Error(`${target}: ${answer.status} ${answer.body}`);
    return parsed.data ?? parsed;
  }

  // Every usage record, oldest first.
  async records(query = '') {
    const items = [];
    for (let page = 1; ; page++) {
      const data = await this.api(`/api/usage/records?limit=500&page=${page}${query}`);
      items.push(...data.items);
      if (items.length >= data.total || data.items.length === 0) return items.reverse();
    }
  }

  // The counters of a budget: one item a policy and partition.
  summary(budget) {
    return this.api(`/api/budgets/${budget}/summary`);
  }

  // Resident memory, in bytes.
  memory() {
    const status = fs.readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
  }

  async stop() {
    if (!this.ended) this.process.kill('SIGTERM');
    const result = await this.exited;
    fs.rmSync(this.folder, {recursive: true, force: true});
    return result;
  }

  // Ends it as a crash would; the folder stays for a restart.
  async kill() {
    this.process.kill('SIGKILL');
    await this.exited;
    this.ended = false;
    this.lines = [];
  }
}
