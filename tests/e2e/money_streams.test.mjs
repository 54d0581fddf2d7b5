// Streams whose hold grows with them: where they are cut, where they may go on,
// what ends them, and what their provider goes on with.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {assertSums, chat, output, prices, question, settled} from './lib/money.mjs';
import {jsonType, startPlane} from './lib/plane.mjs';
import {reply, responseHead} from './lib/provider.mjs';
import {RawClient, requestText, until} from './lib/raw.mjs';

const steps = 'period: total, reserve: incremental';

async function overrunsOf(budget) {
  const text = (await budget.fetch('/metrics')).body.toString();
  return Number(/^budget_overrun_total (\d+)$/m.exec(text)[1]);
}

describe('a stream that holds in steps', () => {
  const budgets = {
    cut: [`{name: p, output_token_limit: 1500, ${steps}, stream_overrun: cut}`],
    finish: [`{name: p, output_token_limit: 1500, ${steps}, stream_overrun: finish}`],
    finishThenCut: [`{name: near, output_token_limit: 1500, ${steps}, stream_overrun: finish}`,
                    `{name: far, output_token_limit: 3000, ${steps}}`],
    cutThenFinish: [`{name: far, output_token_limit: 3000, ${steps}}`,
                    `{name: near, output_token_limit: 1500, ${steps}, stream_overrun: finish}`],
    softThenFinish: [`{name: soft, type: soft_limit, output_token_limit: 100, ${steps}}`,
                     `{name: near, output_token_limit: 1500, ${steps}, stream_overrun: finish}`],
    shared: [`{name: p, output_token_limit: 2500, ${steps}}`],
    hidden: [`{name: p, output_token_limit: 3000, ${steps}}`],
  };
  let proxy;

  before(async () => {
    proxy = await new Budget({config: `
providers: {simulated: {format: simulated}}
budgets:${Object.entries(budgets).map(([name, policies]) => `
  - name: ${name}
    policies:${policies.map((policy) => `
      - ${policy.replace('{', `{match: {component: ${name}}, `)}`).join('')}`).join('')}
${prices}`}).start();
  });
  after(() => proxy?.stop());

  // Asks for a stream, and gives what its counter says, its record and how many
  // overruns it was counted as.
  async function stream(component, tokens, headers = {}) {
    const overruns = await overrunsOf(proxy);
    const answer = await proxy.post(chat, question({max_tokens: 6000, stream: true}),
      {'x-budget-component': component, ...output(tokens), ...headers});
    assert.equal(answer.status, 200);
    const counters = await settled(proxy, component);
    await assertSums(proxy, component, {query: `&component=${component}`});
    return {
      events: answer.body.toString().split('\n\n').filter(Boolean),
      tokens: counters[0].output_tokens,
      record: (await proxy.records(`&component=${component}`)).at(-1),
      overruns: await overrunsOf(proxy) - overruns,
    };
  }

  test('is cut where its budget ends', async () => {
    const {events, tokens, record, overruns} = await stream('cut', 4000);
    assert.equal(events.at(-1), 'data: [DONE]');
    assert.ok(events.some((event) => event.includes('"finish_reason":"length"')));
    assert.ok(tokens > 1000 && tokens <= 1500, `${tokens}`);
    assert.equal(record.error, 'stream_cut');
    assert.equal(overruns, 0);
  });

  test('may be let finish, which is counted as an overrun', async () => {
    const {tokens, record, overruns} = await stream('finish', 4000);
    assert.equal(tokens, 4000);
    assert.equal(record.error, '');
    assert.equal(overruns, 1);
    const next = await proxy.post(chat, question({max_tokens: 5}), {'x-budget-component': 'finish'});
    assert.equal(next.status, 429, 'what begins after it finds no room');
  });

  for (const budget of ['finishThenCut', 'cutThenFinish']) {
    test(`passes the limit that lets it finish and is cut at the one that cuts: ${budget}`, async () => {
      const {tokens, record, overruns} = await stream(budget, 6000);
      assert.ok(tokens > 2500 && tokens <= 3000, `${tokens}`);
      assert.equal(record.error, 'stream_cut');
      assert.equal(overruns, 1);
    });
  }

  test('is not cut by a soft limit that it passes on its way', async () => {
    const {tokens, record} = await stream('softThenFinish', 4000);
    assert.equal(tokens, 4000);
    assert.equal(record.error, '');
  });

  test('shares what is left with others', async () => {
    const answers = await Promise.all([1, 2].map(() => proxy.post(
      chat, question({max_tokens: 2000, stream: true}),
      {'x-budget-component': 'shared', ...output(200), 'x-simulate-gap-ms': '2'})));
    assert.deepEqual(answers.map(({status}) => status), [200, 200]);
    const [counter] = await settled(proxy, 'shared');
    assert.equal(counter.output_tokens, 400);
  });

  // What a model thinks and does not show is known when it is over: it is
  // charged in full, and counted where it was more than was held.
  test('is charged for reasoning that it did not show', async () => {
    const {events, tokens, record, overruns} = await stream(
      'hidden', 5000, {'x-simulate-reasoning-tokens': '4990'});
    assert.equal(events.at(-1), 'data: [DONE]');
    assert.equal(tokens, 5000);
    assert.equal(record.reasoning_tokens, 4990);
    assert.equal(record.usage_source, 'reported');
    assert.equal(overruns, 1);
  });
});

describe('the ending of a stream that is cut', () => {
  test('fits what the client has seen, where the last burst was kept from it', async () => {
    const plane = await startPlane({config: `
budgets: [{name: b, policies: [{name: p, output_token_limit: 1500, ${steps}}]}]
prices: {unknown_model: free}`});
    try {
      const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
      const block = (index) => event({type: 'content_block_start', index,
                                      content_block: {type: 'text', text: ''}});
      const delta = (index, text) => event({type: 'content_block_delta', index,
                                            delta: {type: 'text_delta', text}});
      const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
      let burst;
      plane.script.answer = (request, socket) => {
        socket.write(responseHead(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'}) +
          chunk(event({type: 'message_start', message: {id: 'm', type: 'message', role: 'assistant',
            model: 'm', content: [], usage: {input_tokens: 5, output_tokens: 1}}}) +
            block(0) + delta(0, 'first')));
        burst = () => socket.write(chunk(
          event({type: 'content_block_stop', index: 0}) + block(1) + delta(1, 'so '.repeat(3000))));
      };
      const client = await RawClient.connect(plane.budget.url);
      client.write(requestText('POST', '/anthropic/v1/messages', jsonType, JSON.stringify({
        model: 'm', max_tokens: 9000, stream: true, messages: [{role: 'user', content: 'x'}]})));
      await until(() => burst && client.buffer.includes('first'), 'the first events');
      burst();
      const {body} = await client.response();
      const types = body.toString().split('\n').filter((line) => line.startsWith('data: '))
        .map((line) => JSON.parse(line.slice(6)))
        .map(({type, index}) => (index === undefined ? type : `${type} ${index}`));
      assert.deepEqual(types, ['message_start', 'content_block_start 0', 'content_block_delta 0',
                               'content_block_stop 0', 'message_delta', 'message_stop']);
      const [record] = await plane.budget.records();
      assert.equal(record.error, 'stream_cut');
      assert.ok(record.output_tokens <= 1500, `${record.output_tokens}`);
      client.destroy();
    } finally {
      await plane.close();
    }
  });
});

describe('a response in the background', () => {
  let plane;
  before(async () => {
    plane = await startPlane({config: `
budgets: [{name: b, policies: [{name: p, cost_limit: 100, ${steps}}]}]
prices: {overrides: {"openai/gpt-4o": {input: 2.50, output: 10.00}}}`});
  });
  after(() => plane?.close());

  const path = '/openai/v1/responses';
  const background = (more = {}) => JSON.stringify(
    {model: 'gpt-4o', max_output_tokens: 4000, background: true, input: 'Think.', ...more});
  const queued = {id: 'resp_1', object: 'response', model: 'gpt-4o', background: true,
                  status: 'queued', output: [], usage: null};

  async function checkCharge(id) {
    const record = await plane.record(id);
    assert.deepEqual([record.usage_source, record.estimated, record.output_tokens], ['reserved', true, 4000]);
    // Nobody knows what a stored conversation adds, so the input is the window's.
    assert.equal(record.output_cost_nano, 4000 * 10_000);
    assert.ok(record.input_tokens >= 128_000, `${record.input_tokens}`);
    await assertSums(plane.budget, 'b');
    return record;
  }

  for (const status of ['queued', 'in_progress']) {
    test(`that is ${status} is charged at what was held, until it is corrected`, async () => {
      plane.script.answer = (request, socket) => reply(socket, 200, jsonType, JSON.stringify(
        {...queued, status, output: status === 'queued' ? [] : [
          {type: 'message', content: [{type: 'output_text', text: 'So far'}]}]}));
      const answer = await plane.budget.post(path, background());
      assert.equal(answer.status, 200);
      const id = answer.headers['x-budget-request-id'];
      const record = await checkCharge(id);
      const corrected = await plane.budget.fetch('/api/usage/record', {
        method: 'POST', headers: {...jsonType, 'x-api-key': plane.budget.adminKey},
        body: JSON.stringify({request_id: id, provider: 'openai', model: 'gpt-4o',
                              input_tokens: 10, output_tokens: 20})});
      assert.ok(corrected.status < 300, corrected.body.toString());
      const after = await plane.record(id);
      assert.deepEqual([after.input_tokens, after.output_tokens], [10, 20]);
      assert.ok(after.total_cost_nano < record.total_cost_nano);
      await assertSums(plane.budget, 'b');
    });
  }

  test('whose stream is left goes on: it is charged at its worst case', async () => {
    const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
    plane.script.answer = (request, socket) => {
      socket.write(responseHead(200, {'content-type': 'text/event-stream', connection: 'close'}) +
        event({type: 'response.created', response: queued}) +
        event({type: 'response.output_text.delta', delta: 'So far'}));
      socket.end();
    };
    const answer = await plane.budget.post(path, background({stream: true}));
    await checkCharge(answer.headers['x-budget-request-id']);
  });

  test('that finishes within its stream is charged as reported', async () => {
    const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
    plane.script.answer = (request, socket) => {
      socket.write(responseHead(200, {'content-type': 'text/event-stream', connection: 'close'}) +
        event({type: 'response.created', response: queued}) +
        event({type: 'response.completed', response: {...queued, status: 'completed',
          usage: {input_tokens: 7, output_tokens: 9, total_tokens: 16}}}));
      socket.end();
    };
    const answer = await plane.budget.post(path, background({stream: true}));
    const record = await plane.record(answer.headers['x-budget-request-id']);
    assert.deepEqual([record.usage_source, record.input_tokens, record.output_tokens], ['reported', 7, 9]);
  });
});
