// The documents as tests: what stands in a page, and how each kind of it is run.
//
// Every fenced block of a page that is checked has a comment before it:
//   <!-- run -->            it is run (bash, python, js) or checked (yaml), in the page's order
//   <!-- shows -->          text: what the bash block before it prints; `…` stands for anything
//   <!-- not run: WHY -->   it is not run, for a reason that the reader can see in the source
//   <!-- disk: full -->     from here on the disk of the store is full; `free`: no longer
// A table headed `| call | answer |` is a list of calls, see calls.mjs.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import {Budget, binary, temporaryFolder} from './budget.mjs';

export const root = path.resolve(import.meta.dirname, '../../..');
export const readPage = (name) => fs.readFileSync(path.join(root, name), 'utf8');

const marker = /^<!-- (run|shows|not run: (?=\S).*\S) -->$/;

// What of a page can be run, in order: {kind, text, line, marker} for a block,
// {kind: 'calls', rows, line} for a table of calls, {kind: 'disk'}, {kind: 'heading', level, text}.
export function partsOf(text) {
  const lines = text.split('\n');
  const parts = [];
  for (let at = 0; at < lines.length; ++at) {
    const fence = /^( *)```(\w*)$/.exec(lines[at]);
    if (fence) {
      const line = at + 1;
      const before = lines.slice(0, at).findLast((each) => each.trim() !== '') ?? '';
      const body = [];
      for (++at; lines[at].trim() !== '```'; ++at) body.push(lines[at].slice(fence[1].length));
      parts.push({kind: fence[2], text: body.join('\n') + '\n', line, marker: marker.exec(before.trim())?.[1]});
    } else if (/^<!-- disk: (full|free) -->$/.test(lines[at])) {
      parts.push({kind: 'disk', text: lines[at].slice(11, 15), line: at + 1});
    } else if (/^#+ /.test(lines[at])) {
      parts.push({kind: 'heading', level: lines[at].indexOf(' '), text: lines[at].replace(/^#+ /, ''), line: at + 1});
    } else if (lines[at] === '| call | answer |') {
      const rows = [];
      const line = at + 1;
      for (at += 2; lines[at]?.startsWith('|'); ++at) {
        const [call, answer] = lines[at].split(/(?<!\\)\|/).slice(1, 3).map((cell) => cell.trim());
        rows.push({call, answer, line: at + 1});
      }
      parts.push({kind: 'calls', rows, line});
    }
  }
  return parts;
}

// Runs a program, its input closed: {code, stdout, stderr}. It has `timeoutMs`, and
// takes what it started along when it ends.
export function run(program, args, {timeoutMs = 60_000, ...options} = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options});
    const end = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    };
    const timer = setTimeout(end, timeoutMs);
    const out = {stdout: '', stderr: ''};
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8');
      child[stream].on('data', (text) => { out[stream] += text; });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      end();
      resolve({code: code ?? signal, ...out});
    });
  });
}

// `budget check` of a whole configuration, as it stands on the page, in `cwd`.
export async function check(yaml, {env = {}, cwd} = {}) {
  const folder = temporaryFolder();
  const file = path.join(folder, 'budget.yaml');
  fs.writeFileSync(file, yaml);
  const result = await run(binary, ['check', '--config', file], {cwd, env: {PATH: process.env.PATH, ...env}});
  fs.rmSync(folder, {recursive: true});
  return result;
}

// Whether `seen` is what the page shows: `…` stands for any text, and runs of
// spaces and line ends do not matter.
export function assertShown(seen, shown, where) {
  const plain = (text) => text.replace(/\s+/g, ' ').trim();
  const pattern = plain(shown).split('…')
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
  assert.match(plain(seen), new RegExp(`^${pattern}$`, 's'), `${where} shows something else`);
}

// A shell that keeps what its blocks set: each runs as one would type it, in
// `folder`, and stops at the first thing that fails.
export class Shell {
  constructor(folder, env) {
    this.folder = folder;
    this.env = {PATH: `${path.dirname(binary)}:${process.env.PATH}`, HOME: folder, ...env};
  }
  async run(block, where) {
    const state = path.join(this.folder, '.shell-state');
    const script = `set -euo pipefail\nset -a\n${block}\nset +a\nenv -0 > '${state}'\n`;
    const result = await run('bash', ['-c', script], {cwd: this.folder, env: this.env});
    assert.equal(result.code, 0, `${where}:\n${result.stdout}${result.stderr}`);
    for (const entry of fs.readFileSync(state, 'utf8').split('\0').filter(Boolean)) {
      const equals = entry.indexOf('=');
      this.env[entry.slice(0, equals)] = entry.slice(equals + 1);
    }
    return result.stdout;
  }
}

// Takes the top-level sections that are the harness's out of a configuration.
export function withoutSections(yaml, names) {
  const kept = [];
  let dropping = false;
  for (const line of yaml.split('\n')) {
    if (/^\S/.test(line) && !line.startsWith('#')) {
      dropping = names.some((name) => line.startsWith(`${name}:`));
    }
    if (!dropping) kept.push(line);
  }
  return kept.join('\n');
}

// The address of every provider, replaced by the simulated one of `upstream`,
// another running Budget. Names, formats, prices and dialects stay the page's.
export function providersAt(yaml, upstream) {
  return yaml.replace(/\burl: "?https?:\/\/[^",}\s]+"?/g, `url: "${upstream.url}/simulated"`);
}

// What stands for all providers: a Budget with the simulated one. Before it is a
// relay that calls x-test-…, which a proxy hands on, x-simulate-…, which it keeps.
export async function startUpstream() {
  const simulated = await new Budget({config: 'providers:\n  simulated: {format: simulated, price: free}\n'}).start();
  const target = new URL(simulated.url);
  const server = http.createServer((request, answer) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(
      ([name, value]) => [name.replace(/^x-test-/, 'x-simulate-'), value]));
    const onward = http.request(
      {host: target.hostname, port: target.port, path: request.url, method: request.method, headers},
      (response) => {
        // What the outer proxy says of itself is not to be taken for this one's.
        const kept = Object.entries(response.headers).filter(([name]) => !name.startsWith('x-budget-'));
        answer.writeHead(response.statusCode, Object.fromEntries(kept));
        response.pipe(answer);
      });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await simulated.stop();
    },
  };
}
