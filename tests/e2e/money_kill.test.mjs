// SIGKILL under load, twenty times, at moments of no one's choosing: after each
// restart every call that was let in has exactly one record, and no counter is
// below what clients and the provider saw.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {LoadClient, randomFrom, seed} from './lib/load.mjs';
import {assertSums, assertWithinLimits, countersOf, nano, prices, question} from './lib/money.mjs';
import {replyInPieces, reply, sleep, startProvider} from './lib/provider.mjs';

const kills = 20;
const clients = 40;

const event = (object) => `data: ${JSON.stringify(object)}\n\n`;
const chunk = (delta, more = {}) => event({id: 'x', object: 'chat.completion.chunk', created: 1,
                                           model: 'gpt-4o', choices: [{index: 0, delta, finish_reason: null}], ...more});
const usage = (tokens) => ({prompt_tokens: 13, completion_tokens: tokens, total_tokens: 13 + tokens});

// Answers as the request says, and remembers every call it was sent.
async function answer(request, socket, served) {
  const body = JSON.parse(request.body);
  served.add(request.headers['x-request-id']);
  const tokens = Number(request.headers['x-say'] ?? 5);
  if (!body.stream) {
    await sleep(tokens % 4);
    return reply(socket, 200, {'content-type': 'application/json'}, JSON.stringify({
      id: 'x', object: 'chat.completion', created: 1, model: 'gpt-4o', usage: usage(tokens),
      choices: [{index: 0, message: {role: 'assistant', content: 'sea'}, finish_reason: 'stop'}]}));
  }
  const events = [];
  for (let i = 0; i < tokens; i++) events.push(chunk({content: ' sea'}));
  events.push(event({id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o',
                     choices: [], usage: usage(tokens)}), 'data: [DONE]\n\n');
  return replyInPieces(socket, 200, {'content-type': 'text/event-stream'}, events.join(''),
                       {size: 600, gapMs: 1});
}

test(`${kills} kills under load lose no call and no money (seed ${seed})`, async (t) => {
  const served = new Set();
  const provider = await startProvider((request, socket) => answer(request, socket, served));
  const proxy = new Budget({config: `
providers: {scripted: {format: openai, url: "${provider.url}"}}
budgets:
  - name: b
    policies:
      - {name: cost, period: yearly, cost_limit: 1000}
      - {name: users, period: yearly, per: [user], token_limit: 100000000}
      - {name: steps, period: yearly, match: {user: steps}, output_token_limit: 60000, reserve: incremental}
      - {name: abreast, period: yearly, concurrent_limit: 25}
${prices}    "scripted/*": {input: 2.50, output: 10.00}
`});
  const random = randomFrom(seed);
  const completed = new Map();  // request id → what its client was told it cost, or null
  const begun = new Set();      // of which a client saw a head
  const refused = new Set();

  async function client(index, state) {
    const own = randomFrom(seed + 1 + index);
    const connection = new LoadClient(proxy.url);
    const user = ['ann', 'bob', 'steps'][index % 3];
    while (!state.done) {
      const stream = own() < 0.5 || user === 'steps';
      const got = await connection.call({
        path: '/scripted/v1/chat/completions',
        body: question({stream, max_tokens: 2000, ...(stream && {stream_options: {include_usage: true}})}),
        headers: {'x-budget-user': user, 'x-say': 1 + Math.floor(own() * 40)}});
      const id = got.headers['x-budget-request-id'];
      if (!id) continue;
      if (got.headers['x-budget-decision'] === 'deny') refused.add(id);
      else begun.add(id);
      if (got.broken || got.status !== 200) continue;
      const cost = got.headers['x-budget-cost'];
      completed.set(id, cost === undefined ? null : nano(cost));
    }
    connection.close();
  }

  let interrupted = 0;
  try {
    for (let round = 0; round < kills; round++) {
      await proxy.start();
      const state = {done: false};
      const loads = Array.from({length: clients}, (_, index) => client(index + round * clients, state));
      await sleep(30 + random() * 250);
      await proxy.kill();
      state.done = true;
      await Promise.all(loads);

      await proxy.start();
      const {counters, records} = await assertSums(proxy, 'b');
      assertWithinLimits(counters);
      const byId = new Map(records.map((record) => [record.request_id, record]));
      for (const [id, cost] of completed) {
        const record = byId.get(id);
        assert.ok(record, `round ${round}: no record of ${id}, which its client saw complete`);
        assert.equal(record.usage_source, 'reported', `round ${round}: ${id} was settled before its end`);
        if (cost !== null) assert.equal(BigInt(record.total_cost_nano), cost);
      }
      for (const id of begun) assert.ok(byId.has(id), `round ${round}: no record of ${id}, which had begun`);
      for (const id of served) assert.ok(byId.has(id), `round ${round}: no record of ${id}, which was served`);
      for (const id of refused) assert.ok(!byId.has(id), `round ${round}: a record of ${id}, which was refused`);
      interrupted = 0;
      for (const record of records) {
        if (record.usage_source !== 'reserved') continue;
        interrupted += 1;
        assert.equal(record.error, 'interrupted');
        assert.equal(record.estimated, true);
        assert.ok(record.output_tokens >= (record.user === 'steps' ? 1024 : 2000), 'less than was held');
      }
      await proxy.kill();
    }
    t.diagnostic(`${completed.size} calls completed, ${interrupted} interrupted, ${refused.size} refused, ` +
                 `${served.size} served`);
    assert.ok(completed.size > kills && interrupted > kills, 'the kills hit nothing');
    await proxy.start();
    assert.ok((await countersOf(proxy, 'b')).length > 3);
  } finally {
    await proxy.stop();
    await provider.close();
  }
});
