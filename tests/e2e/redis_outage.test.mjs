// Calls that end, or that begin, while Redis is away, and a proxy that is killed
// meanwhile: every call has one record, and the counters are their sum.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Budget, temporaryFolder} from './lib/budget.mjs';
import {assertSums, chat, prices} from './lib/money.mjs';
import {reply, sleep, startProvider} from './lib/provider.mjs';
import {Redis, skip} from './lib/redis.mjs';

// A provider that answers when it is told to.
async function heldProvider() {
  const held = [];
  const provider = await startProvider((request, socket) => { held.push(socket); });
  const answer = JSON.stringify({
    id: 'x', object: 'chat.completion', created: 1, model: 'gpt-4o',
    usage: {prompt_tokens: 13, completion_tokens: 5, total_tokens: 18},
    choices: [{index: 0, message: {role: 'assistant', content: 'sea'}, finish_reason: 'stop'}]});
  return {
    provider,
    async has(count) {
      for (const until = Date.now() + 10_000; held.length < count; await sleep(5)) {
        assert.ok(Date.now() < until, `the provider has ${held.length} calls of ${count}`);
      }
    },
    // Those whose proxy has gone.
    forget() { held.length = 0; },
    answerAll() {
      for (const socket of held.splice(0)) {
        reply(socket, 200, {'content-type': 'application/json'}, answer);
      }
    },
  };
}

const timeout = 60_000;
test('calls that end or begin while Redis is away are charged once, whoever is killed', {skip, timeout}, async (t) => {
  const redis = await new Redis().start();
  const {provider, has, forget, answerAll} = await heldProvider();
  const folder = temporaryFolder();
  const proxy = new Budget({
    folder, store: redis.store(folder, ', namespace: outage'), config: `
providers: {scripted: {format: openai, url: "${provider.url}"}}
budgets: [{name: b, policies: [{name: cap, period: yearly, cost_limit: 10, on_store_failure: allow}]}]
${prices}    "scripted/*": {input: 2.50, output: 10.00}
`});
  t.after(async () => {
    await proxy.stop();
    await redis.stop();
    await provider.close();
  });
  await proxy.start();
  const call = () => proxy.post(chat.replace('/simulated', '/scripted'), {
    model: 'gpt-4o', max_tokens: 20, messages: [{role: 'user', content: 'Say something.'}]});
  const calls = (count) => Array.from({length: count}, call);
  const okay = async (answers) => {
    for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200);
  };

  const before = calls(6);
  await has(6);
  await redis.kill();
  answerAll();
  await okay(before);

  const during = calls(5);
  await has(5);
  answerAll();
  await okay(during);

  // Two are under way when the proxy dies, without a hold anywhere but on disk.
  const cut = calls(2).map((answer) => answer.catch(() => null));
  await has(2);
  proxy.process.kill('SIGKILL');
  await proxy.exited;
  await Promise.all(cut);
  forget();

  await redis.start();
  proxy.lines = [];
  proxy.ended = false;
  await proxy.start();
  // What they cost is settled by the next call's sweep.
  for (const until = Date.now() + 20_000; ; await sleep(50)) {
    const last = call();
    await has(1);
    answerAll();
    await okay([last]);
    const records = await proxy.records();
    if (records.filter((record) => record.error === 'interrupted').length === 2) break;
    assert.ok(Date.now() < until, `${records.length} records`);
  }
  const records = await proxy.records();
  assert.equal(new Set(records.map((record) => record.request_id)).size, records.length);
  assert.ok(records.length >= 6 + 5 + 2 + 1);
  for (const record of records) {
    if (record.error === 'interrupted') assert.equal(record.estimated, true);
    else assert.equal(record.output_tokens, 5);
  }
  await assertSums(proxy, 'b');
});
