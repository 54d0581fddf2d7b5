// docs/redis.md against what the running system wrote: each key is listed, with
// its type and whether it expires, and nothing is listed that is not written.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {Budget, temporaryFolder} from './lib/budget.mjs';
import {chat, output, prices, question} from './lib/money.mjs';
import {Redis, skip} from './lib/redis.mjs';

const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/redis.md'), 'utf8');
// [{prefix, type, expires}], the longest prefix first.
const listed = [...page.matchAll(/^\| `\{NAMESPACE\}:([a-z_:]+)[A-Z]*` \| (\w+) \| (\w+)/gm)]
  .map(([, prefix, type, expires]) => ({prefix, type, expires}))
  .sort((a, b) => b.prefix.length - a.prefix.length);

// What only some uses write: a clock that is ahead, logs and claims of features
// that this test does not wait for.
const rare = new Set(['ahead:', 'log:', 'sequences', 'claim:']);

test('the running system writes the keys of docs/redis.md and no others', {skip}, async () => {
  assert.ok(listed.length > 15);
  const redis = await new Redis().start();
  const folder = temporaryFolder();
  const proxy = await new Budget({folder, store: redis.store(folder, ', namespace: pages'), config: `
providers: {simulated: {format: simulated}}
budgets:
  - name: b
    policies:
      - {name: daily, period: daily, per: [component], cost_limit: 10}
      - {name: rolling, period: {rolling: 1h}, cost_limit: 10}
      - {name: session, period: per_session, cost_limit: 10}
${prices}`}).start();
  const admin = async (method, target, body) => {
    const answer = await proxy.fetch(target, {
      method, body: JSON.stringify(body),
      headers: {'content-type': 'application/json', 'x-api-key': proxy.adminKey}});
    assert.ok(answer.status < 300, `${target}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body).data;
  };
  const call = (headers) => proxy.post(chat, question({max_tokens: 20}), {
    ...output(5), 'x-budget-component': 'c', 'x-budget-context': 'talk', 'x-budget-tags': 'env=prod', ...headers});
  assert.equal((await call()).status, 200);
  assert.equal((await call({'x-simulate-status': '500'})).status, 500);
  await admin('POST', '/api/keys', {name: 'k'});
  await admin('POST', '/api/usage/record', {provider: 'simulated', model: 'gpt-4o', input_tokens: 5, estimated: true});
  await admin('POST', '/api/allocations', {context_id: 'talk', tokens_allocated: 100, budget_id: 'b', component: 'c',
                                           provider: 'simulated', model: 'gpt-4o'});
  // One that is open while the keys are looked at.
  const open = call({'x-simulate-latency-ms': '2000'});
  const tag = '{pages}:';
  let keys;
  do keys = await redis.ask('KEYS', '*'); while (!(await redis.ask('ZRANGE', `${tag}leases`, 0, -1)).some((m) => m.startsWith('call:')));
  keys = await redis.ask('KEYS', '*');
  const used = new Set();
  for (const key of keys) {
    assert.ok(key.startsWith(tag), key);
    const rest = key.slice(tag.length);
    const row = listed.find(({prefix}) => prefix.endsWith(':') ? rest.startsWith(prefix) : rest === prefix);
    assert.ok(row, `${rest} is not in docs/redis.md`);
    used.add(row.prefix);
    assert.equal(await redis.ask('TYPE', key), row.type, rest);
    const ttl = await redis.ask('PTTL', key);
    // Calls and allocations expire once they are over, which the page says.
    if (row.prefix !== 'call:' && row.prefix !== 'allocation:') assert.equal(ttl >= 0, row.expires === 'yes', rest);
  }
  for (const {prefix} of listed) assert.ok(used.has(prefix) || rare.has(prefix), `${prefix} was not written`);
  assert.equal((await open).status, 200);
  await proxy.stop();
  await redis.stop();
});
