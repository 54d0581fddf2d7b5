// Registration with Tekton's Hermes: a scripted one.
import assert from 'node:assert/strict';
import http from 'node:http';
import {after, describe, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {sleep} from './lib/provider.mjs';

// Answers as Hermes does; `refuse` makes it answer a path with a status.
class Hermes {
  constructor() {
    this.requests = [];
    this.tokens = new Set();
    this.refuse = {};
    this.waiting = [];
  }

  async start(port = 0) {
    this.server = http.createServer((request, response) => {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        this.take(request, text && JSON.parse(text), response);
      });
    });
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    return this;
  }

  take(request, body, response) {
    const url = new URL(request.url, 'http://hermes');
    const told = {path: url.pathname, query: url.searchParams, method: request.method, body,
                  token: request.headers['x-authentication-token'], at: Date.now()};
    let status = this.refuse[told.path] ?? 200;
    let answer = {success: true};
    if (status === 200 && told.path === '/api/register') {
      const token = `token-${this.requests.length}`;
      this.tokens.add(token);
      answer = {success: true, component_id: body.component_id, token};
    } else if (status === 200 && !this.tokens.has(told.token)) {
      status = 401;
    }
    told.status = status;
    this.requests.push(told);
    response.writeHead(status, {'content-type': 'application/json', connection: 'close'});
    response.end(JSON.stringify(answer));
    for (const waiter of this.waiting.splice(0)) waiter();
  }

  of(path) {
    return this.requests.filter((request) => request.path === path);
  }

  // The `count`th request to a path, past or to come.
  async request(path, count = 1, seconds = 20) {
    for (const end = Date.now() + seconds * 1000; this.of(path).length < count;) {
      assert.ok(Date.now() < end, `no ${path} no. ${count} within ${seconds} s`);
      await Promise.race([new Promise((resolve) => this.waiting.push(resolve)), sleep(200)]);
    }
    return this.of(path)[count - 1];
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const running = [];
after(() => Promise.all(running.map((each) => each.stop())));
const keep = (each) => (running.push(each), each);

const config = (hermes, more = '') => `
providers: {simulated: {format: simulated, price: free}}
hermes: {url: "http://127.0.0.1:${hermes.port}/api/", component_id: budget-1, ${more}heartbeat: 1s}
`;
const health = async (proxy) => JSON.parse((await proxy.fetch('/health')).body);
async function eventually(check, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; !(await check());) {
    assert.ok(Date.now() < end, `not true after ${seconds} s`);
    await sleep(50);
  }
}

describe('a proxy of Tekton', () => {
  test('registers, beats with the token it was given, and unregisters when it drains', async () => {
    const hermes = keep(await new Hermes().start());
    const proxy = await keep(new Budget({config: config(hermes, 'endpoint: "http://budget.local:8013/", ')})).start();
    const registered = await hermes.request('/api/register');
    assert.equal(registered.method, 'POST');
    assert.equal(registered.token, undefined);
    const {metadata, version, ...who} = registered.body;
    assert.deepEqual(who, {component_id: 'budget-1', name: 'Budget', type: 'budget',
      endpoint: 'http://budget.local:8013',
      capabilities: ['budget_management', 'model_recommendations', 'budget_analytics']});
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.equal(metadata.mcp, 'http://budget.local:8013/api/mcp');
    assert.ok(metadata.tools.includes('CheckBudget'));
    const beat = await hermes.request('/api/heartbeat', 2);
    assert.equal(beat.token, 'token-0');
    assert.equal(beat.body.component_id, 'budget-1');
    const told = await health(proxy);
    assert.deepEqual(told.components.hermes,
                     {status: 'ok', state: 'registered', component_id: 'budget-1'});
    assert.equal((await proxy.stop()).code, 0);
    const gone = await hermes.request('/api/unregister');
    assert.equal(gone.query.get('component_id'), 'budget-1');
    assert.equal(gone.token, 'token-0');
    assert.equal(hermes.of('/api/unregister').length, 1);
    assert.equal(hermes.of('/api/register').length, 1);
  });

  test('goes on without Hermes, says so once, and registers when it comes', async () => {
    const hermes = await new Hermes().start();
    const {port} = hermes;
    await hermes.stop();
    const proxy = await keep(new Budget({config: config(hermes)})).start();
    const away = await proxy.event('hermes', (line) => line.state === 'away');
    assert.ok(away.why.length > 10);
    const told = await health(proxy);
    assert.equal(told.status, 'ok', 'calls are counted and refused as ever');
    assert.equal(told.components.hermes.state, 'away');
    assert.equal(told.components.hermes.status, 'failing');
    // Long enough for several tries.
    await sleep(3500);
    const lines = proxy.lines.filter((line) => line.includes('"hermes"'));
    assert.equal(lines.filter((line) => line.includes('away')).length, 1, lines.join('\n'));
    keep(hermes);
    await hermes.start(port);
    await proxy.event('hermes', (line) => line.state === 'registered');
    // The first listener, by the name the others of the machine know it by.
    assert.match((await hermes.request('/api/register')).body.endpoint, /^http:\/\/localhost:\d+$/);
    await proxy.stop();
  });

  test('registers again when Hermes has forgotten it, and waits when it says no', async () => {
    const hermes = keep(await new Hermes().start());
    const proxy = await keep(new Budget({config: config(hermes)})).start();
    await hermes.request('/api/heartbeat');
    hermes.tokens.clear();
    const again = await hermes.request('/api/register', 2);
    const next = await hermes.request('/api/heartbeat', hermes.of('/api/heartbeat').length + 1);
    assert.ok(next.at >= again.at);
    assert.notEqual(next.token, 'token-0');
    hermes.refuse['/api/heartbeat'] = 500;
    await proxy.event('hermes', (line) => line.state === 'away');
    assert.match((await health(proxy)).components.hermes.message, /500/);
    hermes.refuse = {};
    await eventually(async () => (await health(proxy)).components.hermes.state === 'registered');
    assert.equal(hermes.of('/api/register').length, 2, 'a Hermes that failed has not forgotten us');
    await proxy.stop();
  });

  test('follows a change of the file, to another Hermes and to none', async () => {
    const first = keep(await new Hermes().start());
    const second = keep(await new Hermes().start());
    const proxy = await keep(new Budget({config: config(first)})).start();
    await first.request('/api/register');
    proxy.writeConfig(config(second));
    await second.request('/api/register');
    assert.equal((await first.request('/api/unregister')).query.get('component_id'), 'budget-1');
    proxy.writeConfig('providers: {simulated: {format: simulated, price: free}}');
    await second.request('/api/unregister');
    // The answer that Hermes gave has to arrive first.
    await eventually(async () => (await health(proxy)).components.hermes === undefined);
    await proxy.stop();
  });

  test('takes the address of Hermes, and its own, from the environment', async () => {
    const hermes = keep(await new Hermes().start());
    const proxy = await keep(new Budget({config: config({port: 1}),
      env: {HERMES_URL: `http://127.0.0.1:${hermes.port}/api`, BUDGET_HOST: '127.0.0.2'}})).start();
    assert.match(proxy.url, /^http:\/\/127\.0\.0\.2:/);
    assert.match((await hermes.request('/api/register')).body.endpoint, /^http:\/\/localhost:/);
    await proxy.stop();
  });

  test('ends in order while Hermes hangs', async () => {
    const silent = http.createServer(() => {});
    await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const proxy = await keep(new Budget({config: config({port: silent.address().port})})).start();
    const begin = Date.now();
    assert.equal((await proxy.stop()).code, 0);
    assert.ok(Date.now() - begin < 10000);
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});
