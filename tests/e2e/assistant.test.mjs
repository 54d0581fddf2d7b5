// Analytics and the assistant: what the recorded figures say, and nothing else.
import {after, before, describe, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {Budget, binary} from './lib/budget.mjs';
import {startProvider, reply} from './lib/provider.mjs';

const chat = (model, words = 8) => ({model, max_tokens: words, messages: [{role: 'user', content: 'hello'}]});

const post = (budget, target, body, headers = {}) => budget.fetch(target, {
  method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: {'content-type': 'application/json', 'x-api-key': budget.adminKey, ...headers}});
const data = async (answer) => JSON.parse((await answer).body.toString()).data;

// The events of an answer: [{event, data}].
async function ask(budget, body, headers) {
  const answer = await post(budget, '/api/assistant/chat', body, headers);
  assert.equal(answer.status, 200, answer.body.toString());
  assert.equal(answer.headers['content-type'], 'text/event-stream');
  return answer.body.toString().split('\n\n').filter(Boolean).map((block) => {
    const [event, text] = block.split('\n');
    return {event: event.slice('event: '.length), data: JSON.parse(text.slice('data: '.length))};
  });
}
const said = (events) => events.filter(({event}) => event === 'delta').map(({data: {text}}) => text).join('');

describe('what the figures say', () => {
  let budget;
  before(async () => {
    budget = await new Budget({config: `
providers: {simulated: {format: simulated}, local: {format: simulated, price: free}}
budgets:
  - name: team
    policies: [{name: cap, type: hard_limit, period: daily, match: {provider: simulated}, cost_limit: 0.01}]
`}).start();
    for (const [component, times] of [['apollo', 3], ['codex', 1]]) {
      for (let i = 0; i < times; i++) {
        const answer = await budget.post('/simulated/v1/chat/completions', chat('sim-large'),
                                         {'x-budget-component': component, 'x-budget-task-type': 'coding'});
        assert.equal(answer.status, 200, answer.body.toString());
      }
    }
    assert.equal((await budget.post('/local/v1/chat/completions', chat('sim-small'))).status, 200);
  });
  after(() => budget?.stop());

  test('an analysis agrees with the records', async () => {
    const records = await budget.records();
    const total = records.reduce((sum, record) => sum + record.total_cost_nano, 0);
    const told = await data(post(budget, '/api/assistant/analyze', {group_by: ['component'], limit: 1}));
    assert.equal(told.total.total_cost_nano, total);
    assert.equal(told.total.requests, 5);
    assert.deepEqual(told.top.component.map((group) => group.value), ['apollo']);
    assert.equal(told.budgets[0].policy_id, 'team/cap');
    assert.equal(told.budgets[0].spent_nano, total);
    assert.equal(told.cache.saved_nano, 0);
  });

  test('recommendations name what the same calls would have cost', async () => {
    const told = await data(post(budget, '/api/prices/recommendations', {provider: 'simulated'}));
    for (const item of told.recommendations.filter(({kind}) => kind === 'cheaper_model')) {
      const usage = await data(post(budget, '/api/usage/summary', {provider: item.provider, model: item.model}));
      const cost = await data(post(budget, '/api/prices/calculate', {
        provider: item.to_provider, model: item.to_model,
        input_tokens: usage.total.input_tokens, output_tokens: usage.total.output_tokens}));
      assert.equal(item.saving_nano, item.cost_nano - cost.total_cost_nano, JSON.stringify(item));
    }
    const optimize = await data(post(budget, '/api/assistant/optimize', {}));
    assert.equal(optimize.total_saving_nano >= told.total_saving_nano, true);
    assert.ok(Array.isArray(optimize.budgets_at_risk));
  });

  test('the model that is recommended is one that the budget lets through, free ones when money is out', async () => {
    const question = {task_type: 'coding', component: 'apollo'};
    let told = await data(post(budget, '/api/assistant/recommend-model', question));
    assert.equal(told.recommended.model, 'sim-large');
    assert.equal(told.recommended.proven, true);
    told = await data(post(budget, '/api/assistant/recommend-model', {...question, output_tokens: 10_000_000}));
    assert.equal(told.recommended.provider, 'local');
    assert.equal(told.recommended.free, true);
    const denied = told.candidates.find(({provider}) => provider === 'simulated');
    assert.deepEqual([denied.allowed, denied.denied_by, denied.denied_unit], [false, 'team/cap', 'cost']);
  });

  test('without a model, the chat answers from the numbers', async () => {
    const events = await ask(budget, {message: 'What did we spend today?'});
    assert.deepEqual(events.map(({event}) => event), ['tool_call', 'tool_result', 'delta', 'done']);
    assert.equal(events[0].data.name, 'summarize_usage');
    const {total} = events[1].data.result;
    assert.equal(total.requests, 5);
    assert.match(said(events), new RegExp(`5 calls cost \\$${Number(total.total_cost)}`));
    assert.deepEqual(events.at(-1).data, {source: 'figures', tool_calls: 1, model: null});
    for (const [question, tool, words] of [
      ['Who are the top components this week?', 'analyze_usage', /By (user|component): /],
      ['How much is left of our limits?', 'analyze_usage', /team\/cap has spent \$/],
      ['What is the forecast for the month?', 'analyze_usage', /no whole day of usage|At this pace/],
      ['How could we save money?', 'recommend_savings', /saved|cost less/],
      ['Which model should I use?', 'recommend_model', /The cheapest model/],
    ]) {
      const answer = await ask(budget, {message: question});
      assert.equal(answer[0].data.name, tool, question);
      assert.match(said(answer), words);
    }
  });

  test('what is no question is refused', async () => {
    for (const body of ['[', {}, {message: ''}, {message: 1}, {message: 'a', messages: []}, {messages: []},
                        {messages: [{role: 'assistant', content: 'a'}]}, {messages: [{role: 'user'}]},
                        {message: 'a', model: 'x'}, {message: 'a'.repeat(20_000)}]) {
      const answer = await post(budget, '/api/assistant/chat', body);
      assert.equal(answer.status, 400, JSON.stringify(body).slice(0, 80));
    }
    assert.equal((await budget.fetch('/api/assistant/chat', {method: 'POST', body: '{"message":"a"}'})).status, 401);
    assert.equal((await budget.fetch('/api/assistant/chat', {headers: {'x-api-key': budget.adminKey}})).status, 405);
  });

  test('budget recommend prints a table', async () => {
    const child = spawn(binary, ['recommend', '--last', '1h'],
                        {env: {...process.env, BUDGET_URL: budget.url, BUDGET_API_KEY: budget.adminKey}});
    let out = '';
    child.stdout.on('data', (text) => { out += text; });
    const status = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(status, 0);
    assert.match(out, /SAVES|would have cost less elsewhere/);
  });
});

for (const format of ['openai', 'anthropic']) {
  describe(`the assistant with a model of the ${format} format`, () => {
    let provider, budget;
    const call = (name, input) => format === 'openai'
      ? {choices: [{message: {role: 'assistant', content: null, tool_calls: [
        {id: 'c1', type: 'function', function: {name, arguments: JSON.stringify(input)}}]}, finish_reason: 'tool_calls'}],
         usage: {prompt_tokens: 100, completion_tokens: 10, total_tokens: 110}}
      : {type: 'message', role: 'assistant', content: [{type: 'tool_use', id: 'c1', name, input}],
         stop_reason: 'tool_use', usage: {input_tokens: 100, output_tokens: 10}};
    const speak = (text) => format === 'openai'
      ? {choices: [{message: {role: 'assistant', content: text}, finish_reason: 'stop'}],
         usage: {prompt_tokens: 200, completion_tokens: 20, total_tokens: 220}}
      : {type: 'message', role: 'assistant', content: [{type: 'text', text}], stop_reason: 'end_turn',
         usage: {input_tokens: 200, output_tokens: 20}};
    let script = [];
    before(async () => {
      provider = await startProvider((request, socket) => {
        const next = script.shift();
        reply(socket, 200, {'content-type': 'application/json'}, JSON.stringify(next));
      });
      budget = await new Budget({tls: true, config: `
providers: {house: {format: ${format}, url: "${provider.url}", key: the-providers-own-key}}
identity: {require_key: true}
prices: {overrides: {"house/*": {input: 1, output: 2}}}
assistant: {provider: house, model: house-model, component: helper}
budgets:
  - name: helper
    policies: [{name: cap, type: hard_limit, period: daily, match: {component: helper}, request_limit: 4}]
`}).start();
    });
    after(async () => {
      await budget?.stop();
      await provider?.close();
    });

    test('runs the tools it calls, each to be seen, and is charged like anybody', async () => {
      script = [call('list_budgets', {}), speak('There is one budget.')];
      const events = await ask(budget, {message: 'Which budgets are there?'});
      assert.deepEqual(events.map(({event}) => event), ['tool_call', 'tool_result', 'delta', 'done'],
                       JSON.stringify(events));
      assert.equal(events[0].data.name, 'list_budgets');
      assert.equal(events[1].data.result.items[0].name ?? events[1].data.result.items[0].id, 'helper');
      assert.equal(said(events), 'There is one budget.');
      assert.deepEqual(events.at(-1).data, {source: 'model', tool_calls: 1, model: 'house-model'});
      assert.equal(provider.requests.length, 2);
      const second = provider.requests[1];
      assert.match(second.body.toString(), /helper/, 'the result goes back to the model');
      for (const request of provider.requests) {
        assert.match(JSON.stringify(request.headers), /the-providers-own-key/);
        assert.doesNotMatch(JSON.stringify(request.headers) + request.body, /bk_/);
      }
      const records = await budget.records();
      assert.deepEqual(records.map((record) => [record.component, record.provider]),
                       [['helper', 'house'], ['helper', 'house']]);
      assert.equal(records[1].total_cost_nano, 200 * 1000 + 20 * 2000);
    });

    test('a tool that writes, or that there is not, is not run', async () => {
      script = [call('delete_everything', {}), speak('That cannot be done.')];
      const events = await ask(budget, {message: 'Delete all budgets.'});
      assert.equal(events[1].data.status, 404);
      assert.equal((await budget.api('/api/budgets')).items.length, 1);
    });

    test('when its budget is out, the numbers answer, and the refusal is told', async () => {
      const before = provider.requests.length;
      const events = await ask(budget, {message: 'What did we spend today?'});
      assert.equal(events[0].event, 'error');
      assert.match(events[0].data.message, /helper/);
      assert.match(said(events), /4 calls cost/);
      assert.equal(events.at(-1).data.source, 'figures');
      assert.equal(provider.requests.length, before, 'nothing was spent');
    });
  });
}

test('the simulated provider will do as the assistant, and a slow one does not hold others up', async () => {
  const budget = await new Budget({config: `
providers: {simulated: {format: simulated, simulated: {latency: 300ms}}}
assistant: {provider: simulated, model: sim-small}
`}).start();
  try {
    const answer = ask(budget, {message: 'hello'});
    assert.equal((await budget.fetch('/api/budgets', {headers: {'x-api-key': budget.adminKey}})).status, 200);
    const events = await answer;
    assert.deepEqual(events.map(({event}) => event), ['delta', 'done']);
    assert.equal((await budget.records())[0].component, 'budget');
  } finally {
    await budget.stop();
  }
});
