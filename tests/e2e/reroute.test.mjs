// A downgrade that goes to another provider: "provider/model", where that
// provider answers the same path in the same format.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {reply, startProvider} from './lib/provider.mjs';

const answerOf = (model) => JSON.stringify({
  id: 'chatcmpl-1', object: 'chat.completion', created: 1, model,
  choices: [{index: 0, message: {role: 'assistant', content: 'Hi'}, finish_reason: 'stop'}],
  usage: {prompt_tokens: 9, completion_tokens: 1, total_tokens: 10},
});
const ask = {model: 'dear', max_tokens: 100, messages: [{role: 'user', content: 'Hello!'}]};

let dear, cheap, proxy;

before(async () => {
  const serve = (request, socket) =>
    reply(socket, 200, {'content-type': 'application/json'}, answerOf(JSON.parse(request.body).model));
  [dear, cheap] = await Promise.all([startProvider(serve), startProvider(serve)]);
  proxy = await new Budget({config: `
providers:
  dear:    {format: openai, url: "${dear.url}"}
  cheap:   {format: openai, url: "${cheap.url}/base"}
  claude:  {format: anthropic, url: "${cheap.url}"}
prices: {overrides: {"dear/*": {input: 1000, output: 1000}, "cheap/*": {input: 0.1, output: 0.1}, "claude/*": {input: 0.1, output: 0.1}}}
budgets:
  - name: b
    policies: [{name: p, period: total, cost_limit: 0.001, when_exceeded: [downgrade: [cheap/small]]}]
`}).start();
});
after(async () => {
  await proxy.stop();
  await Promise.all([dear.close(), cheap.close()]);
});

test('a downgrade to another provider reaches it, and it alone, without the caller\'s key', async () => {
  const answer = await proxy.post('/dear/v1/chat/completions', ask, {
    authorization: 'Bearer sk-only-for-dear', 'x-api-key': 'sk-too', 'x-budget-component': 'c'});
  assert.equal(answer.status, 200, answer.body.toString());
  assert.equal(answer.headers['x-budget-decision'], 'downgrade');
  assert.equal(answer.headers['x-budget-model'], 'small');
  assert.equal(JSON.parse(answer.body).model, 'small');
  assert.equal(dear.requests.length, 0);
  const [request] = cheap.requests;
  assert.equal(request.target, '/base/v1/chat/completions');
  assert.deepEqual(JSON.parse(request.body), {...ask, model: 'small'});
  assert.ok(!JSON.stringify(request.rawHeaders).includes('sk-'));
  const [record] = await proxy.records();
  assert.deepEqual([record.provider, record.model, record.requested_model, record.decision],
                   ['cheap', 'small', 'dear', 'downgrade']);
  assert.equal(record.total_cost_nano, 1000);
});

test('a refusal is a line of the log, with its reason', async () => {
  const refused = await proxy.post('/dear/v1/chat/completions', {...ask, max_tokens: 100_000_000});
  assert.equal(refused.status, 429);
  const line = await proxy.event('refused');
  assert.equal(line.level, 'warn');
  assert.equal(line.code, 'budget_exceeded');
  assert.match(line.why, /Budget 'b', policy 'p'/);
});
