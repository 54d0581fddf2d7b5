// The program on a real Redis: what it asks of the server, one budget for many
// replicas, and what becomes of calls while Redis is away.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, binary, temporaryFolder} from './lib/budget.mjs';
import {LoadClient, randomFrom, seed} from './lib/load.mjs';
import {documented, parsed, told} from './lib/metrics.mjs';
import {assertCleanRefusal, assertSums, assertWithinLimits, chat, countersOf, output, prices,
        question} from './lib/money.mjs';
import {sleep} from './lib/provider.mjs';
import {Redis, skip} from './lib/redis.mjs';

// A replica on `redis`, in the namespace that its test names.
function replica(redis, namespace, config, more = '') {
  const folder = temporaryFolder();
  return new Budget({folder, store: redis.store(folder, `, namespace: ${namespace}${more}`), config: `
providers: {simulated: {format: simulated}}
${config}${prices}`});
}

// Every worker looks for itself whether Redis is back, and at its own time.
async function ready(proxy) {
  for (let inARow = 0, until = Date.now() + 10_000; inARow < 20;) {
    inARow = (await proxy.fetch('/ready')).status === 200 ? inARow + 1 : 0;
    assert.ok(Date.now() < until, 'never ready');
    if (inARow === 0) await sleep(20);
  }
}

async function refusal(redis) {
  const proxy = replica(redis, 'refused', '');
  await assert.rejects(proxy.start(), /budget ended/);
  const text = proxy.lines.join('\n');
  await proxy.stop();
  return text;
}

describe('a server that will not do is refused with a sentence', {skip}, () => {
  for (const [name, args, sentence] of [
    ['one that evicts', ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'],
     /evicts keys.*set maxmemory-policy noeviction/],
    ['a replica', ['--replicaof', '127.0.0.1 1'], /read-only replica/]]) {
    test(name, async () => {
      const redis = await new Redis({args}).start();
      assert.match(await refusal(redis), sentence);
      await redis.stop();
    });
  }
});

describe('one replica on Redis', {skip}, () => {
  let redis, proxy;
  before(async () => {
    redis = await new Redis().start();
    proxy = await replica(redis, 'one', `
budgets: [{name: team, policies: [{name: cap, period: yearly, cost_limit: 10},
                                  {name: each, period: yearly, per: [component], cost_limit: 10}]}]
`).start();
    for (const [component, user] of [['alpha', 'ann'], ['alpha', 'bob'], ['beta', 'ann']]) {
      const answer = await proxy.post(chat, question({max_tokens: 20}), {
        ...output(7), 'x-budget-component': component, 'x-budget-user': user,
        'x-budget-context': 'talk', 'x-budget-tags': 'env=prod,team=a'});
      assert.equal(answer.status, 200);
    }
  });
  after(async () => {
    await proxy?.stop();
    await redis?.stop();
  });

  test('is ready, and its files are in its own folder', async () => {
    assert.equal((await proxy.fetch('/ready')).status, 200);
    assert.equal(JSON.parse((await proxy.fetch('/health')).body).components.store.status, 'ok');
  });

  test('records are found by every filter, newest first', async () => {
    await assertSums(proxy, 'team');
    for (const [query, count] of [['', 3], ['&component=alpha', 2], ['&user=ann', 2], ['&tag=env=prod', 3],
                                  ['&tag=env=test', 0], ['&context_id=talk', 3], ['&context_id=other', 0],
                                  ['&policy_id=team/each', 3], ['&budget_id=team', 3]]) {
      assert.equal((await proxy.records(query)).length, count, query);
    }
    const [first] = await proxy.records();
    assert.deepEqual(await proxy.api(`/api/usage/records/${first.request_id}`), first);
    const missing = await proxy.fetch('/api/usage/records/req_00000000000000000000000000',
                                      {headers: {'x-api-key': proxy.adminKey}});
    assert.equal(missing.status, 404);
  });

  test('sums are those of the records, by everything', async () => {
    for (const words of ['component', 'user', 'tag', 'tag.env', 'context_id', 'minute', 'hour', 'day',
                         'week', 'month', 'model,status', 'user,tag.team,day']) {
      const answer = await proxy.post('/api/usage/summary', {group_by: words.split(',')},
                                      {'x-api-key': proxy.adminKey});
      assert.equal(answer.status, 200, answer.body.toString());
      const {total, groups} = JSON.parse(answer.body).data;
      assert.equal(total.requests, 3);
      const expected = words === 'tag' ? 6 : 3;  // each record has two tags
      assert.equal(groups.reduce((sum, group) => sum + group.requests, 0), expected, words);
    }
    const series = await proxy.api('/api/usage/timeseries?bucket=hour');
    assert.equal(series.points.reduce((sum, point) => sum + point.requests, 0), 3);
  });

  test('a call made elsewhere is recorded, found and corrected', async () => {
    const say = (body) => proxy.post('/api/usage/record', {provider: 'simulated', model: 'gpt-4o', ...body},
                                     {'x-api-key': proxy.adminKey});
    const id = 'ext-1';
    assert.equal((await say({request_id: id, input_tokens: 100, estimated: true})).status, 201);
    assert.equal((await say({request_id: id, input_tokens: 70, component: 'gamma'})).status, 200);
    assert.equal((await say({request_id: id, input_tokens: 70})).status, 409);
    const record = await proxy.api(`/api/usage/records/${id}`);
    assert.deepEqual([record.input_tokens, record.component, record.estimated], [70, 'gamma', false]);
  });

  test('/metrics tells what docs/metrics.md says', async () => {
    const text = (await proxy.fetch('/metrics')).body.toString();
    assert.deepEqual(told(text), documented('redis', text));
    assert.equal(parsed(text).samples['budget_policy_partitions{policy="team/each"}'], '3');
  });
});

const limits = `
budgets:
  - name: shared
    policies:
      - {name: cost, period: yearly, cost_limit: 0.05}
      - {name: users, period: yearly, per: [user], request_limit: 60}
      - {name: abreast, period: yearly, concurrent_limit: 40}
`;

test(`three replicas, 300 clients, one budget: never over, sums exact (seed ${seed})`, {skip}, async (t) => {
  const redis = await new Redis({args: ['--appendfsync', 'no']}).start();
  const replicas = await Promise.all([0, 1, 2].map(() => replica(redis, 'shared', limits).start()));
  const answers = [];
  const client = async (index) => {
    const random = randomFrom(seed + index);
    const connection = new LoadClient(replicas[index % 3].url);
    for (let i = 0; i < 6; i++) {
      const stream = random() < 0.5;
      answers.push(await connection.call({
        path: chat, body: question({max_tokens: 20, stream}),
        hangUpAfter: stream && random() < 0.2 ? Math.floor(random() * 3000) : Infinity,
        headers: {'x-budget-user': ['ann', 'bob', 'eve', 'joe'][index % 4],
                  'x-simulate-output-tokens': 1 + Math.floor(random() * 20),
                  'x-simulate-latency-ms': Math.floor(random() * 5)}}));
    }
    connection.close();
  };
  const state = {done: false};
  const watch = async () => {
    let samples = 0;
    for (; !state.done; samples++, await sleep(5)) {
      assertWithinLimits(await countersOf(replicas[samples % 3], 'shared'));
    }
    return samples;
  };
  const watching = watch();
  await Promise.all(Array.from({length: 300}, (_, index) => client(index)))
    .finally(() => { state.done = true; });
  const samples = await watching;
  const {counters, records} = await assertSums(replicas[0], 'shared');
  assertWithinLimits(counters);
  // Every replica says the same.
  for (const other of replicas.slice(1)) assert.deepEqual(await other.records(), await replicas[0].records());

  const recorded = new Set(records.map((record) => record.request_id));
  let unknown = 0;
  for (const answer of answers) {
    const id = answer.headers['x-budget-request-id'];
    if (!id) { unknown++; continue; }
    if (answer.status === 503) {
      // On a machine that is busy with other things Redis may be late.
      assert.equal(JSON.parse(answer.body).error.code, 'store_unavailable');
      assert.ok(!recorded.has(id), 'a refused call has a record');
    } else if (answer.headers['x-budget-decision'] === 'deny') {
      if (!answer.hungUp) assertCleanRefusal(answer);
      assert.ok(!recorded.has(id), 'a refused call has a record');
    } else {
      assert.ok(recorded.delete(id), `no record of ${id}`);
    }
  }
  assert.ok(recorded.size <= unknown, `${recorded.size} records of calls that nobody made`);
  const denied = answers.filter((answer) => answer.headers['x-budget-decision'] === 'deny').length;
  t.diagnostic(`${samples} samples, ${records.length} records, ${denied} refused`);
  assert.ok(denied > 0 && records.length > 100);
  await Promise.all(replicas.map((each) => each.stop()));
  await redis.stop();
});

test('while Redis is away calls are refused or let through, as their policies say', {skip}, async () => {
  const redis = await new Redis().start();
  const proxy = await replica(redis, 'away', `
budgets:
  - name: b
    policies:
      - {name: strict, match: {component: strict}, period: yearly, cost_limit: 1}
      - {name: lax, match: {component: lax}, period: yearly, cost_limit: 1, on_store_failure: allow}
`).start();
  const call = (component) => proxy.post(chat, question({max_tokens: 20}),
                                         {...output(5), 'x-budget-component': component});
  assert.equal((await call('strict')).status, 200);
  await redis.kill();
  for (let i = 0; i < 3; i++) {
    const began = Date.now();
    const refused = await call('strict');
    assert.equal(refused.status, 503);
    assert.equal(JSON.parse(refused.body).error.code, 'store_unavailable');
    assert.ok(Date.now() - began < 3000, `refused after ${Date.now() - began} ms`);
  }
  assert.equal((await call('lax')).status, 200);
  assert.equal((await proxy.fetch('/ready')).status, 503);
  assert.equal((await proxy.fetch('/health')).status, 200);
  const {samples} = parsed((await proxy.fetch('/metrics')).body.toString());
  assert.ok(Number(samples['budget_fail_open_total']) >= 1);
  await redis.start();
  await ready(proxy);
  let answer;
  do answer = await call('strict'); while (answer.status === 503);
  assert.equal(answer.status, 200);
  // What was let through is charged as if Redis had been there.
  // The API has a connection of its own to Redis, which may be back later.
  const recorded = () => proxy.records().then((records) => records.length, () => 0);
  for (const until = Date.now() + 10_000; await recorded() < 3; await sleep(20)) {
    assert.ok(Date.now() < until, `${await recorded()} records`);
  }
  const {records} = await assertSums(proxy, 'b');
  assert.deepEqual(records.map((record) => record.component).sort(), ['lax', 'strict', 'strict']);
  await proxy.stop();
  await redis.stop();
});

test('a replica waits at its start for a Redis that is not there yet', {skip}, async () => {
  const redis = await new Redis().start();
  await redis.kill();
  const proxy = replica(redis, 'late', '');
  const started = proxy.start();
  await proxy.event('redis', ({what}) => what.includes('cannot connect'));
  await redis.start();
  await started;
  await ready(proxy);
  await proxy.stop();
  await redis.stop();
});

test('what is made on one replica is in force on the others within a second', {skip}, async () => {
  const redis = await new Redis().start();
  const [one, other] = await Promise.all([0, 1].map(() => replica(redis, 'made', `
identity: {require_key: always}
budgets: [{name: b, policies: [{name: p, period: yearly, cost_limit: 1}]}]
`).start()));
  const ask = async (proxy, method, target, body) => {
    const answer = await proxy.fetch(target, {
      method, body: body && JSON.stringify(body),
      headers: {'content-type': 'application/json', 'x-api-key': proxy.adminKey}});
    return {status: answer.status, data: JSON.parse(answer.body.toString() || '{}').data};
  };
  const call = (proxy, key) => proxy.post(chat, question({max_tokens: 20}),
                                          {...output(5), authorization: `Bearer ${key}`});
  // Asks until the answer is `status`; how long that took.
  const within = async (status, attempt) => {
    const began = Date.now();
    for (let answer = await attempt(); answer.status !== status; answer = await attempt()) {
      assert.ok(Date.now() - began < 1000, `still ${answer.status}`);
    }
    return Date.now() - began;
  };
  const made = await ask(one, 'POST', '/api/keys', {name: 'k', component: 'c'});
  assert.equal(made.status, 201, JSON.stringify(made));
  const {key, id} = made.data;
  await within(200, () => call(other, key));
  assert.equal((await call(one, key)).status, 200);
  assert.equal((await ask(one, 'DELETE', `/api/keys/${id}`)).status, 200);
  await within(401, () => call(other, key));
  assert.equal((await call(one, key)).status, 401);
  await one.stop();
  await other.stop();
  await redis.stop();
});

// What one process must do with money, it must do on Redis.
for (const file of ['money_charges.test.mjs', 'money_policies.test.mjs']) {
  test(`${file} passes on Redis`, {skip}, async () => {
    const redis = await new Redis({args: ['--appendfsync', 'no']}).start();
    const env = {...process.env, BUDGET_E2E_REDIS: redis.url, BUDGET_BINARY: binary};
    delete env.NODE_TEST_CONTEXT;  // else it would report to this test's runner
    const run = spawn(process.execPath, ['--test', '--test-reporter=tap', path.join(import.meta.dirname, file)],
                      {env, stdio: ['ignore', 'pipe', 'inherit']});
    let text = '';
    run.stdout.on('data', (bytes) => { text += bytes; });
    const code = await new Promise((resolve) => run.on('exit', resolve));
    await redis.stop();
    assert.equal(code, 0, text);
  });
}
