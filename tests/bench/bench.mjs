// Runs the comparison: see run.sh.
import {execFile} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseArgs, promisify} from 'node:util';
import {stopAll} from './lib/processes.mjs';
import {summarise, table} from './lib/table.mjs';
import {chatRequest, startTargets, startUpstream} from './lib/targets.mjs';

const run = promisify(execFile);
const {values: options} = parseArgs({options: {
  binary: {type: 'string'},
  json: {type: 'string'},
  quick: {type: 'boolean', default: false},
  rounds: {type: 'string'},
  seconds: {type: 'string'},
  only: {type: 'string'},  // targets whose name holds it, beside nginx
  load: {type: 'string'},  // loads whose name holds it
}});
const rounds = Number(options.rounds ?? (options.quick ? 2 : 3));
const seconds = Number(options.seconds ?? (options.quick ? 1 : 2));

const loads = [
  {connections: 1, kib: 1}, {connections: 64, kib: 1}, {connections: 512, kib: 1},
  {connections: 64, kib: 10}, {connections: 64, kib: 128},
].map((load) => ({...load, name: `${load.connections} × ${load.kib} KiB`}))
  .filter((load, i) => options.load ? load.name.includes(options.load) : !options.quick || i !== 2 && i !== 4);

async function measure(target, load, folder) {
  const cpuBefore = target.program.cpuMicroseconds();
  const {stdout} = await run('wrk', [
    '-t1', `-c${load.connections}`, `-d${seconds}s`, '--timeout', '5s',
    '-s', path.join(import.meta.dirname, 'request.lua'), target.url,
  ], {env: {...process.env, BENCH_BODY_FILE: path.join(folder, `${load.kib}.json`)},
      timeout: (seconds + 10) * 1000});
  const result = JSON.parse(/^RESULT (.*)$/m.exec(stdout)[1]);
  if (result.failed > 0 || result.requests === 0) {
    throw new Error(`${target.name}, ${load.name}: ${result.failed} requests failed\n` +
                    stdout + target.program.output);
  }
  return {
    requests_per_second: result.requests * 1e6 / result.duration_us,
    cpu_us_per_request: (target.program.cpuMicroseconds() - cpuBefore) / result.requests,
    p50_us: result.p50_us, p99_us: result.p99_us, resident_kib: target.program.residentKib(),
  };
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'budget-bench-'));
let interrupted = false;
process.once('SIGINT', () => { interrupted = true; });
process.once('SIGTERM', () => { interrupted = true; });
try {
  for (const {kib} of loads) fs.writeFileSync(path.join(folder, `${kib}.json`), chatRequest(kib * 1024));
  const upstream = await startUpstream(folder);
  const all = await startTargets(options.binary, folder, upstream.port);
  const targets = all.filter((t) => !options.only || t.name === t.base || t.name.includes(options.only));
  const figures = [];
  for (const load of loads) {
    for (let round = 0; round < rounds && !interrupted; round++) {
      // Each round begins with another target, so that none is always first.
      for (let i = 0; i < targets.length; i++) {
        const target = targets[(i + round) % targets.length];
        const figure = await measure(target, load, folder);
        figures.push({load: load.name, target: target.name, base: target.base, round, ...figure});
      }
    }
  }
  const rows = interrupted ? [] : summarise(figures);
  console.log(table(rows));
  fs.mkdirSync(path.dirname(options.json), {recursive: true});
  fs.writeFileSync(options.json, JSON.stringify({
    cores: os.cpus().length, load_average: os.loadavg(), rounds, seconds, rows, figures}, null, 1));
} finally {
  await stopAll();
  fs.rmSync(folder, {recursive: true, force: true});
}
if (interrupted) process.exitCode = 130;
