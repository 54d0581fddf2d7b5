// Plain and streamed calls, tools and embeddings by every official SDK, and
// what is recorded of them.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {promisify} from 'node:util';
import {costNano, exchanges, lastHeaders, recordOf, sdk, sdks, startBudget} from './lib/sdk.mjs';

let budget;
before(async () => {
  budget = await startBudget();
});
after(() => budget?.stop());

// The record says what the SDK was told, and what it cost to the last digit.
async function assertRecorded(component, told, expected) {
  const record = await recordOf(budget, component);
  const {input = record.input_tokens, output} = told;
  const nano = costNano({input, output});
  assert.ok(nano > 0);
  const wanted = {
    component,
    task_type: 'coding',
    provider: 'simulated',
    requested_model: expected.model,
    stream: false,
    status: 200,
    decision: 'allow',
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    total_cost_nano: nano,
    usage_source: 'reported',
    estimated: false,
    unpriced: false,
    error: '',
    policies: ['everything/day'],
    ...expected,
  };
  for (const [name, value] of Object.entries(wanted)) assert.deepEqual(record[name], value, name);
  assert.equal(record.request_id, lastHeaders().get('x-budget-request-id'));
  return record;
}

function assertHeaders(record, {stream}) {
  const headers = lastHeaders();
  assert.equal(headers.get('x-budget-decision'), 'allow');
  assert.match(headers.get('x-budget-remaining'), /^day=\d+\.\d{9}USD$/);
  assert.equal(headers.get('x-budget-model'), null);
  assert.equal(headers.get('x-budget-cost'), stream ? null : record.total_cost);
  assert.equal(
    headers.get('x-budget-tokens'),
    stream ? null : `input=${record.input_tokens},output=${record.output_tokens}`,
  );
}

for (const each of sdks) {
  describe(each.name, () => {
    const {name, model, operation} = each;

    test('makes a plain call', async () => {
      exchanges.length = 0;
      const told = await each.connect(budget, `${name}-plain`).plain();
      assert.ok(told.text.length > 20);
      assert.equal(told.finish, each.stop);
      const record = await assertRecorded(`${name}-plain`, told, {model, operation});
      assertHeaders(record, {stream: false});
      assert.equal(exchanges.length, 1);
    });

    test('makes a streamed call that says the same', async () => {
      const plain = await each.connect(budget, `${name}-twin`).plain();
      const told = await each.connect(budget, `${name}-stream`).stream();
      assert.equal(told.text, plain.text);
      assert.equal(told.finish, each.stop);
      if (told.output !== undefined) assert.equal(told.output, plain.output);
      const record = await assertRecorded(`${name}-stream`, plain, {
        model,
        operation,
        stream: true,
      });
      assertHeaders(record, {stream: true});
    });

    test('ends at the ceiling it asked for', async () => {
      const told = await each
        .connect(budget, `${name}-length`, {'X-Simulate-Output-Tokens': '500'})
        .stream({maxTokens: 16});
      assert.equal(told.finish, each.length);
      const record = await recordOf(budget, `${name}-length`);
      assert.equal(record.output_tokens, 16);
      assert.equal(record.usage_source, 'reported');
    });

    test('calls a tool', async () => {
      const told = await each.connect(budget, `${name}-tool`).tool();
      if (each.name !== 'ollama') {
        assert.equal(told.tool, 'get_weather');
        assert.equal(typeof told.arguments.city, 'string');
      }
      const record = await assertRecorded(`${name}-tool`, told, {model, operation});
      assert.ok(record.input_tokens > (await recordOf(budget, `${name}-plain`)).input_tokens);
    });

    if (each.embedModel) {
      test('embeds', async () => {
        const told = await each.connect(budget, `${name}-embed`).embed();
        assert.equal(told.vectors.length, 2);
        assert.ok(told.vectors[0].length > 100);
        const reported = told.input !== undefined;
        const record = await assertRecorded(`${name}-embed`, told, {
          model: each.embedModel,
          operation: 'embeddings',
          // Gemini's embeddings come without usage.
          usage_source: reported ? 'reported' : 'counted',
          estimated: !reported,
        });
        assertHeaders(record, {stream: false});
      });
    }
  });
}

test('A stream is metered by a usage chunk that its client did not ask for and does not see', async () => {
  for (const name of ['openai', 'azure']) {
    const quiet = await sdk[name].connect(budget, `${name}-quiet`).stream();
    assert.ok(quiet.events.every(({choices, usage}) => choices.length === 1 && !usage));
    assert.equal(quiet.output, undefined);
    const asked = await sdk[name]
      .connect(budget, `${name}-asked`)
      .stream({stream_options: {include_usage: true}});
    assert.equal(asked.events.filter(({usage}) => usage).length, 1);
    assert.deepEqual(asked.events.at(-1).choices, []);
    assert.equal(asked.events.length, quiet.events.length + 1);
    assert.equal(asked.text, quiet.text);
    for (const component of [`${name}-quiet`, `${name}-asked`]) {
      const record = await recordOf(budget, component);
      assert.deepEqual(
        [record.input_tokens, record.output_tokens, record.usage_source],
        [asked.input, asked.output, 'reported'],
      );
    }
  }
});

test('A client that declines the usage of its stream is metered by it all the same', async () => {
  const told = await sdk.openai
    .connect(budget, 'openai-declined')
    .stream({stream_options: {include_usage: false}});
  assert.ok(told.events.every(({choices, usage}) => choices.length === 1 && !usage));
  assert.equal((await recordOf(budget, 'openai-declined')).usage_source, 'reported');
});

test('A stream whose provider never says its usage is counted', async () => {
  for (const each of sdks) {
    const component = `${each.name}-uncounted`;
    const connected = each.connect(budget, component, {'X-Simulate-Usage': 'missing'});
    await (connected.events ?? connected.stream)();
    const counted = await recordOf(budget, component);
    const reported = await recordOf(budget, `${each.name}-stream`);
    assert.deepEqual([counted.usage_source, counted.estimated], ['counted', true], each.name);
    // The simulated provider counts as we do, apart from what a format adds.
    assert.ok(
      Math.abs(counted.output_tokens - reported.output_tokens) <= 2,
      `${each.name}: ${counted.output_tokens}, reported ${reported.output_tokens}`,
    );
    assert.ok(counted.input_tokens > 0 && counted.total_cost_nano > 0, each.name);
  }
});

test('Headers say who is calling, and outrank the path', async () => {
  for (const each of sdks) {
    const component = `${each.name}-labelled`;
    await each
      .connect(budget, 'of-the-path', {
        'X-Budget-Component': component,
        'X-Budget-Context': 'c1',
        'X-Budget-Task': 't7',
        'X-Budget-Task-Type': 'writing',
        'X-Budget-User': 'ada',
        'X-Budget-Tags': 'team=research,tier=b',
        'X-Budget-Priority': '9',
      })
      .plain();
    const record = await recordOf(budget, component);
    assert.deepEqual(
      [
        record.context_id,
        record.task_id,
        record.task_type,
        record.user,
        record.tags,
        record.priority,
      ],
      ['c1', 't7', 'writing', 'ada', {team: 'research', tier: 'b'}, 9],
    );
  }
  assert.deepEqual(await budget.records('&component=of-the-path'), []);
});

test('Cached and reasoning tokens are recorded as the provider told them', async () => {
  for (const each of sdks.filter(({name}) => !['ollama', 'cohere'].includes(name))) {
    const component = `${each.name}-cached`;
    await each
      .connect(budget, component, {
        'X-Simulate-Cached-Tokens': '5',
        'X-Simulate-Reasoning-Tokens': '7',
      })
      .plain();
    const record = await recordOf(budget, component);
    const plain = await recordOf(budget, `${each.name}-plain`);
    assert.equal(record.cache_read_tokens, 5, each.name);
    assert.equal(record.input_tokens, plain.input_tokens, each.name);
    if (['openai', 'responses', 'azure', 'gemini'].includes(each.name)) {
      assert.equal(record.reasoning_tokens, 7, each.name);
    }
  }
});

test('An SDK trusts the self-signed certificate through NODE_EXTRA_CA_CERTS', async () => {
  const script = `import OpenAI from 'openai';
    const client = new OpenAI({apiKey: 'x', baseURL: '${budget.url}/@outside/simulated/v1', maxRetries: 0});
    const r = await client.chat.completions.create({model: 'gpt-4o-mini', messages: [{role: 'user', content: 'hi'}]});
    console.log(r.usage.total_tokens);`;
  const {stdout} = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        NODE_EXTRA_CA_CERTS: path.join(budget.folder, 'data/tls/self_signed.crt'),
      },
    },
  );
  assert.equal(Number(stdout), (await recordOf(budget, 'outside')).total_tokens);
});
