// Counts the instructions that a call costs, under callgrind: unlike time, the
// figure hardly moves between runs and machines.
//   node tests/bench/instructions.mjs BINARY [--calls 2000] [--kib 1] [--keep FILE]
// Eight matching policies, one worker, one connection. --keep leaves the
// worker's profile for callgrind_annotate, and the store writer's in FILE.store.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {stopAll} from './lib/processes.mjs';
import {chatRequest, startOwn, startUpstream} from './lib/targets.mjs';

const {values: options, positionals: [binary]} = parseArgs({allowPositionals: true, options: {
  calls: {type: 'string', default: '2000'},
  kib: {type: 'string', default: '1'},
  keep: {type: 'string'},
}});
const calls = Number(options.calls);
const body = chatRequest(Number(options.kib) * 1024);
const agent = new http.Agent({keepAlive: true, maxSockets: 1});

function call(url) {
  return new Promise((resolve, reject) => {
    const headers = {'content-type': 'application/json', 'content-length': body.length};
    const request = http.request(url, {agent, method: 'POST', headers}, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
      answer.resume().on('end', resolve).on('error', reject);
    });
    request.on('error', reject).end(body);
  });
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'budget-bench-'));
try {
  const upstream = await startUpstream(folder);
  // Debian's valgrind cannot read clang's DWARF 5; symbols are enough.
  const stripped = path.join(folder, 'budget');
  execFileSync('objcopy', ['--strip-debug', binary, stripped]);
  const own = await startOwn(stripped, folder, upstream.port, [
    'valgrind', '--tool=callgrind', `--callgrind-out-file=${folder}/profile`, '--separate-threads=yes']);
  const {pid} = own.program.process;
  const control = (...args) => execFileSync('callgrind_control', [...args, String(pid)], {stdio: 'ignore'});
  for (let i = 0; i < 300; i++) await call(own.url);  // lazy tables, pools, caches
  control('--zero');
  for (let i = 0; i < calls; i++) await call(own.url);
  control('--dump');
  // One profile a thread: what the worker does is what a call waits for; the
  // store's writer follows in batches, whose size depends on the timing.
  const sum = {total: 0, serving: 0, storing: 0};
  for (const name of fs.readdirSync(folder).filter((file) => /^profile\.1-/.test(file))) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8');
    const count = Number(/^(?:summary|totals): (\d+)/m.exec(text)[1]);
    sum.total += count;
    const part = text.includes('budget::pipeline::serve_call') ? 'serving'
      : text.includes('budget::ledger::StoreWriter::commit') ? 'storing' : undefined;
    if (!part) continue;
    sum[part] += count;
    const kept = options.keep && options.keep + (part === 'storing' ? '.store' : '');
    if (kept) fs.copyFileSync(path.join(folder, name), kept);
  }
  const perCall = (count) => Math.round(count / calls);
  console.log(JSON.stringify({calls, kib: Number(options.kib),
    serving_instructions_per_call: perCall(sum.serving),
    storing_instructions_per_call: perCall(sum.storing),
    all_instructions_per_call: perCall(sum.total)}));
} finally {
  agent.destroy();
  await stopAll();
  fs.rmSync(folder, {recursive: true, force: true});
}
