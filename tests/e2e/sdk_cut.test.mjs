// Streams that end before their provider is done: cut by a budget, or broken.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {costNano, lastHeaders, metric, once, recordOf, sdk, sdks, startBudget} from './lib/sdk.mjs';

const limit = 1500;

let budget;
before(async () => {
  budget = await startBudget({
    budgets: `
  - name: short
    policies:
      - {name: words, period: daily, match: {component: "cut-*"}, per: [component], token_limit: ${limit}, reserve: incremental}
      - {name: roomy, period: daily, match: {component: "roomy-*"}, per: [component], token_limit: 100000, reserve: incremental}
      - {name: finishes, period: daily, match: {component: "finish-*"}, per: [component], token_limit: ${limit}, reserve: incremental, stream_overrun: finish}
`,
  });
});
after(() => budget?.stop());

const longer = {'X-Simulate-Output-Tokens': '6000'};
// The policy's counter, as a dry run tells it.
async function counterOf(component) {
  const answer = await budget.post(
    `/@${component}/simulated/v1/embeddings`,
    {model: 'e', input: 'x'},
    {'X-Budget-Dry-Run': 'true'},
  );
  return JSON.parse(answer.body).policies.find(({policy_id}) => policy_id === 'short/words');
}

for (const each of sdks) {
  const {name} = each;
  describe(name, () => {
    test('closes a cut stream cleanly with what has been said so far', async () => {
      const component = `cut-${name}`;
      const cuts = await metric(budget, 'budget_streams_cut_total');
      const told = await each.connect(budget, component, longer).stream({maxTokens: 8000});
      assert.equal(told.finish, each.length);
      assert.ok(told.text.split(' ').length > 300, 'what was said so far has arrived');
      assert.match(lastHeaders().get('x-budget-decision'), /^(allow|warn)$/);
      assert.equal(await metric(budget, 'budget_streams_cut_total'), cuts + 1);
      const record = await recordOf(budget, component);
      assert.equal(record.error, 'stream_cut');
      assert.equal(record.status, 200);
      // The hold took all there was, and the stream all of the hold. An input
      // that only its provider can count is held at a bound of some 200 tokens.
      assert.ok(record.output_tokens > 1200, `${record.output_tokens}`);
      assert.ok(record.total_tokens <= limit, `${record.total_tokens}`);
      assert.equal(
        record.total_cost_nano,
        costNano({input: record.input_tokens, output: record.output_tokens}),
      );
      const {spent, reserved, in_flight: inFlight} = await counterOf(component);
      assert.equal(spent.input_tokens + spent.output_tokens, record.total_tokens);
      assert.deepEqual([reserved.input_tokens, reserved.output_tokens, inFlight], [0, 0, 0]);
      // What has arrived is the beginning of what would have.
      const whole = await each.connect(budget, `whole-${name}`, longer).stream({maxTokens: 8000});
      assert.ok(whole.text.startsWith(told.text) && whole.text.length > told.text.length);
    });

    test('sees nothing of a hold that grows with its stream', async () => {
      const told = await each.connect(budget, `roomy-${name}`, longer).stream({maxTokens: 8000});
      assert.equal(told.finish, each.stop);
      const record = await recordOf(budget, `roomy-${name}`);
      assert.deepEqual(
        [record.output_tokens, record.usage_source, record.error],
        [6000, 'reported', ''],
      );
    });

    test('finishes a stream past its limit where the policy says so', async () => {
      const told = await each.connect(budget, `finish-${name}`, longer).stream({maxTokens: 8000});
      assert.equal(told.finish, each.stop);
      const record = await recordOf(budget, `finish-${name}`);
      assert.deepEqual([record.output_tokens, record.error], [6000, '']);
    });

    test('raises an error for a stream that breaks, which is charged as counted', async () => {
      const component = `broken-${name}`;
      const connected = each.connect(budget, component, {
        ...longer,
        'X-Simulate-Break-After': '30000',
      });
      await assert.rejects(connected.stream({maxTokens: 8000}));
      const record = await recordOf(budget, component);
      assert.deepEqual(
        [record.error, record.usage_source, record.estimated, record.status],
        ['upstream_broken', 'counted', true, 200],
      );
      assert.ok(
        record.output_tokens > 50 && record.output_tokens < 6000,
        `${record.output_tokens}`,
      );
      assert.ok(record.total_cost_nano > 0);
    });
  });
}

test('A cut stream has its usage at the end where the client asked for it', async () => {
  const told = await sdk.openai
    .connect(budget, 'cut-with-usage', longer)
    .stream({maxTokens: 8000, stream_options: {include_usage: true}});
  const record = await recordOf(budget, 'cut-with-usage');
  assert.equal(told.finish, 'length');
  assert.deepEqual([told.input, told.output], [record.input_tokens, record.output_tokens]);
});

test('A cut Responses stream is incomplete, by its own events in their order', async () => {
  const {client} = sdk.responses.connect(budget, 'cut-events', longer);
  const events = [];
  for await (const event of await client.responses.create({
    model: 'gpt-4o-mini',
    input: 'Speak.',
    max_output_tokens: 8000,
    stream: true,
  }))
    events.push(event);
  assert.deepEqual(
    events.map(({sequence_number}) => sequence_number),
    [...events.keys()],
  );
  const last = events.at(-1);
  assert.equal(last.type, 'response.incomplete');
  assert.equal(last.response.incomplete_details.reason, 'max_output_tokens');
  const record = await recordOf(budget, 'cut-events');
  assert.deepEqual(
    [last.response.usage.input_tokens, last.response.usage.output_tokens],
    [record.input_tokens, record.output_tokens],
  );
  const deltas = events
    .filter(({type}) => type === 'response.output_text.delta')
    .map(({delta}) => delta);
  assert.equal(last.response.output[0].content[0].text, deltas.join(''));
  assert.equal(events.find(({type}) => type === 'response.output_text.done').text, deltas.join(''));
});

test('A plain answer that breaks off is an error of the proxy', async () => {
  for (const name of ['openai', 'anthropic', 'gemini', 'ollama']) {
    const connected = once(
      sdk[name].connect(budget, `plain-broken-${name}`, {
        'X-Simulate-Break-After': '60',
      }),
    );
    await assert.rejects(connected.plain(), (error) => (error.status ?? error.status_code) === 502);
    const record = await recordOf(budget, `plain-broken-${name}`);
    assert.equal(record.error, 'upstream_broken');
    assert.ok(record.total_cost_nano > 0);
  }
});
