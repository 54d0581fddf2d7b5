// The log: a level for each part of the program, a file that is opened anew,
// and the id of the call on every line about one.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, binary, temporaryFolder} from './lib/budget.mjs';
import {answerChat, chatBody, chatPath, startPlane} from './lib/plane.mjs';
import {run} from './lib/docs.mjs';
import {until} from './lib/raw.mjs';

const eventsIn = (lines) => lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

describe('levels', () => {
  let plane;
  before(async () => { plane = await startPlane({log: 'levels: {upstream: debug, calls: error}'}); });
  after(() => plane?.close());

  test('are each their own module\'s', async () => {
    const {budget} = plane;
    const answer = await budget.post(chatPath, chatBody);
    const {module, request_id: id, status} = await budget.event('upstream_answered');
    assert.deepEqual([module, id, status], ['upstream', answer.headers['x-budget-request-id'], 200]);
    assert.ok(!eventsIn(budget.lines).some(({event}) => event === 'call'), 'calls is at error');
    assert.ok(eventsIn(budget.lines).some(({event}) => event === 'ready'), 'server is at info');
  });

  test('are put in force by SIGHUP', async () => {
    const {budget} = plane;
    budget.head = budget.head.replace('upstream: debug, calls: error', 'calls: info');
    const config = fs.readFileSync(budget.configFile, 'utf8').split('\n').slice(budget.head.split('\n').length);
    budget.writeConfig(config.join('\n'));
    budget.process.kill('SIGHUP');
    await budget.event('config_reloaded');
    const before = budget.lines.length;
    const {headers} = await budget.post(chatPath, chatBody);
    await budget.event('call', ({request_id: id}) => id === headers['x-budget-request-id']);
    assert.ok(!budget.lines.slice(before).some((line) => line.includes('upstream_answered')));
  });

  test('of a module that there is not are refused', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'budget.yaml');
    fs.writeFileSync(file, 'telemetry: {log: {levels: {upstreams: debug}}}\n');
    const checked = await run(binary, ['check', '--config', file]);
    fs.rmSync(folder, {recursive: true});
    assert.equal(checked.code, 1);
    assert.match(checked.stdout + checked.stderr, /upstreams/);
  });
});

describe('lines', () => {
  let plane;
  before(async () => {
    plane = await startPlane({logLevel: 'debug', config: `
budgets:
  - name: team
    policies: [{name: each, period: daily, per: [component], request_limit: 1}]`});
  });
  after(() => plane?.close());

  test('about a call all have its id', async () => {
    const {budget, script} = plane;
    const calls = [];
    const call = async (component) => {
      const {headers} = await budget.post(chatPath, chatBody, {'x-budget-component': component});
      calls.push(headers['x-budget-request-id']);
    };
    await call('one');
    await call('one');  // refused
    script.answer = (request, socket) => socket.destroy();
    await call('two');  // fails
    script.answer = answerChat;
    await budget.event('call', ({request_id: id}) => id === calls[2]);
    const lines = eventsIn(budget.lines).filter(({module}) => module === 'calls' || module === 'upstream');
    assert.deepEqual(lines.map(({event, request_id: id}) => [event, calls.indexOf(id)]), [
      ['upstream_answered', 0], ['call', 0], ['refused', 1], ['upstream_failed', 2], ['call', 2]]);
    assert.match(lines[3].why, /broke the connection/);
  });

  test('name the part of the program that they are from', () => {
    for (const line of eventsIn(plane.budget.lines)) {
      assert.ok(['calls', 'config', 'server', 'store', 'traces', 'upstream'].includes(line.module), line.event);
    }
  });
});

describe('a log file', () => {
  const config = (folder) => {
    const file = path.join(folder, 'budget.yaml');
    fs.writeFileSync(file, `listen: [{address: "127.0.0.1:0"}]\nstore: {path: ${folder}/data}\n` +
      `telemetry: {log: {file: ${folder}/budget.log}}\nproviders: {simulated: {format: simulated}}\n`);
    return file;
  };
  const linesOf = (file) => fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  const started = async (folder, starts = 1) => {
    const child = spawn(binary, ['serve', '--config', config(folder)], {stdio: ['ignore', 'inherit', 'pipe']});
    let stderr = '';
    child.stderr.on('data', (text) => { stderr += text; });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    const log = path.join(folder, 'budget.log');
    await until(() => linesOf(log).filter((line) => line.includes('"ready"')).length === starts, 'the start');
    return {child, log, async stop() {
      child.kill('SIGTERM');
      assert.equal(await exited, 0);
      return stderr;
    }};
  };

  test('has every line, also those after it was moved away and opened anew', async () => {
    const folder = temporaryFolder();
    const {child, log, stop} = await started(folder);
    fs.renameSync(log, `${log}.1`);
    child.kill('SIGUSR1');
    await until(() => linesOf(log).some((line) => line.includes('log_reopened')), 'the new file');
    assert.equal(fs.statSync(log).mode & 0o007, 0, 'others may not read it');
    const {size} = fs.statSync(`${log}.1`);
    assert.equal(await stop(), '', 'nothing on standard error');
    assert.deepEqual(eventsIn(linesOf(log)).map(({event}) => event), ['log_reopened', 'draining', 'stopped']);
    assert.equal(fs.statSync(`${log}.1`).size, size, 'the old file is left alone');
    assert.deepEqual(eventsIn(linesOf(`${log}.1`)).map(({event}) => event).filter((event) => event !== 'admin_key'),
                     ['listening', 'ready']);
    fs.rmSync(folder, {recursive: true});
  });

  test('is appended to by the next start', async () => {
    const folder = temporaryFolder();
    for (const starts of [1, 2]) {
      const {log, stop} = await started(folder, starts);
      await stop();
      assert.equal(linesOf(log).filter((line) => line.includes('"stopped"')).length, starts);
    }
    fs.rmSync(folder, {recursive: true});
  });

  test('that cannot be opened anew stays as it was, and says so', async () => {
    const folder = temporaryFolder();
    const {child, log, stop} = await started(folder);
    fs.renameSync(log, `${log}.1`);
    fs.mkdirSync(log);
    child.kill('SIGUSR1');
    await until(() => linesOf(`${log}.1`).some((line) => line.includes('log_not_reopened')), 'the complaint');
    await stop();
    assert.ok(linesOf(`${log}.1`).some((line) => line.includes('"stopped"')));
    fs.rmSync(folder, {recursive: true});
  });

  test('that cannot be made ends the start', async () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'budget.log'));
    const ended = await run(binary, ['serve', '--config', config(folder)], {timeoutMs: 20_000});
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /cannot write the log to '.*budget\.log': Is a directory/);
    fs.rmSync(folder, {recursive: true});
  });
});

test('SIGUSR1 is nothing where the log has no file', async () => {
  const budget = await new Budget({config: 'providers: {simulated: {format: simulated}}'}).start();
  budget.process.kill('SIGUSR1');
  // Signals are taken in turn: once the reload is done, the other was seen.
  budget.process.kill('SIGHUP');
  await budget.event('config_reloaded');
  assert.equal((await budget.fetch('/health')).status, 200);
  assert.equal((await budget.stop()).code, 0);
});
