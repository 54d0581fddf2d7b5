// The base URLs of the contract, to providers of each format behind TLS: a
// second proxy plays them all.
import assert from 'node:assert/strict';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import OpenAI from 'openai';
import {Ollama} from 'ollama';
import {Budget} from './lib/budget.mjs';
import {startProvider, reply} from './lib/provider.mjs';
import {exchanges, lastHeaders, once, recordOf, sdk, sdks, startBudget, trust} from './lib/sdk.mjs';

const formats = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  bedrock: 'bedrock',
  azure: 'openai',
  ollama: 'ollama',
  cohere: 'cohere',
};
const providerOf = {responses: 'openai'};
const limit = 1500;

let upstream;
let budget;
let scripted;
before(async () => {
  upstream = await startBudget({
    providers: '  long: {format: simulated, simulated: {output_tokens: 6000}}',
    prices: '    "long/*": {input: 2.50, output: 10.00}',
  });
  scripted = await startProvider((request, socket) => {
    const call = {function: {name: 'get_weather', arguments: {city: 'Graz'}}};
    const line = {
      model: 'llama3.2',
      created_at: '2026-01-01T00:00:00Z',
      done: true,
      done_reason: 'stop',
      message: {role: 'assistant', content: '', tool_calls: [call]},
      prompt_eval_count: 40,
      eval_count: 9,
    };
    reply(socket, 200, {'content-type': 'application/x-ndjson'}, `${JSON.stringify(line)}\n`);
  });
  const ca = path.join(upstream.folder, 'data/tls/self_signed.crt');
  // A format has a provider that says a few sentences, and one that says 6000 tokens.
  const provider = (name, format, behind) =>
    `  ${name}: {format: ${format}, url: "${upstream.url}/@behind-${name}/${behind}", ` +
    `key: "key-of-${name}"${name.endsWith('azure') ? ', key_header: api-key' : ''}` +
    `${format === 'openai' ? ', dialect: openai' : ''}, tls: {ca: ${ca}}}`;
  const providers = Object.entries(formats).flatMap(([name, format]) => [
    provider(name, format, 'simulated'),
    provider(`long-${name}`, format, 'long'),
  ]);
  budget = await new Budget({
    tls: true,
    config: `
providers:
${providers.join('\n')}
  scripted: {format: ollama, url: "${scripted.url}"}
budgets:
  - {name: everything, policies: [{name: day, period: daily, cost_limit: 1000, stream_overrun: finish}]}
  - {name: tiny, policies: [{name: nothing, period: daily, match: {component: "tiny-*"}, token_limit: 1}]}
  - name: short
    policies: [{name: words, period: daily, match: {component: "cut-*"}, per: [component], output_token_limit: 12, clamp_min_tokens: 1}]
  - name: bursts
    policies: [{name: words, period: daily, match: {component: "burst-*"}, per: [component], token_limit: ${limit}, reserve: incremental}]
prices: {unknown_model: {input: 2.50, output: 10.00}}
`,
  }).start();
  await trust([budget.ca, upstream.ca]);
});
after(async () => {
  await budget?.stop();
  await upstream?.stop();
  await scripted?.close();
});

for (const each of sdks) {
  const provider = providerOf[each.name] ?? each.name;
  describe(each.name, () => {
    test('calls its provider, whose own count is recorded on both sides', async () => {
      const plain = await each.connect(budget, `plain-${each.name}`, {}, provider).plain();
      const streamed = await each.connect(budget, `stream-${each.name}`, {}, provider).stream();
      assert.equal(streamed.text, plain.text);
      for (const kind of ['plain', 'stream']) {
        const record = await recordOf(budget, `${kind}-${each.name}`);
        assert.deepEqual(
          [
            record.provider,
            record.requested_model,
            record.input_tokens,
            record.output_tokens,
            record.usage_source,
          ],
          [provider, each.model, plain.input, plain.output, 'reported'],
        );
        assert.ok(record.total_cost_nano > 0);
      }
      // The provider counted the same, and was not told who called.
      const behind = (await upstream.records(`&component=behind-${provider}`)).slice(-2);
      for (const record of behind) {
        assert.deepEqual(
          [record.input_tokens, record.output_tokens, record.task_type, record.user],
          [plain.input, plain.output, '', ''],
        );
      }
      assert.equal(behind.length, 2);
    });

    test('closes a cut stream cleanly however its bytes arrive', async () => {
      const component = `burst-${each.name}`;
      const told = await each
        .connect(budget, component, {}, `long-${provider}`)
        .stream({maxTokens: 8000});
      assert.equal(told.finish, each.length);
      const record = await recordOf(budget, component);
      assert.equal(record.error, 'stream_cut');
      assert.ok(record.output_tokens > 500 && record.total_tokens <= limit);
      assert.ok(told.text.split(' ').length > 300);
      assert.ok(told.text.split(' ').length <= record.output_tokens, 'no more than is charged');
    });

    test('is refused without its provider being asked', async () => {
      exchanges.length = 0;
      const calls = (await upstream.records()).length;
      let error;
      await each
        .connect(budget, `tiny-${each.name}`, {}, provider)
        .plain()
        .catch((e) => {
          error = e;
        });
      each.error(error, 429);
      assert.equal(exchanges.length, 1);
      assert.equal((await upstream.records()).length, calls);
    });

    if (each.name !== 'anthropic') {
      test('is held to what is left by a ceiling that the provider understands', async () => {
        const told = await each.connect(budget, `cut-${each.name}`, {}, provider).plain();
        assert.equal(told.finish, each.length);
        assert.equal(told.output, 12);
        assert.equal(lastHeaders().get('x-budget-decision'), 'clamp');
      });
    }
  });
}

test("Ollama speaks OpenAI's and Anthropic's formats at /v1", async () => {
  const client = new OpenAI({apiKey: 'ollama', baseURL: `${budget.url}/@v1/ollama/v1`});
  const stream = await client.chat.completions.create({
    model: 'llama3.2',
    messages: [{role: 'user', content: 'Hello'}],
    stream: true,
  });
  for await (const {usage} of stream) assert.ok(!usage);
  const record = await recordOf(budget, 'v1');
  assert.deepEqual([record.provider, record.usage_source], ['ollama', 'reported']);
  const r = await sdk.anthropic.connect(budget, 'v1-anthropic', {}, 'ollama').plain();
  assert.equal((await recordOf(budget, 'v1-anthropic')).output_tokens, r.output);
});

test('The Ollama client reads a tool call', async () => {
  const client = new Ollama({host: `${budget.url}/@tools/scripted`});
  const tools = [
    {
      type: 'function',
      function: {name: 'get_weather', parameters: {type: 'object', properties: {}}},
    },
  ];
  for await (const {message} of await client.chat({
    model: 'llama3.2',
    messages: [{role: 'user', content: 'Weather?'}],
    tools,
    stream: true,
  })) {
    assert.deepEqual(message.tool_calls[0].function, {
      name: 'get_weather',
      arguments: {city: 'Graz'},
    });
  }
  const record = await recordOf(budget, 'tools');
  assert.deepEqual([record.input_tokens, record.output_tokens], [40, 9]);
});

test("A provider that is down is an error of each SDK's own, and costs nothing", async () => {
  await upstream.kill();
  for (const each of sdks) {
    const provider = providerOf[each.name] ?? each.name;
    const connected = once(each.connect(budget, `down-${each.name}`, {}, provider));
    await assert.rejects(connected.plain(), (error) => (error.status ?? error.status_code) === 502);
    const record = await recordOf(budget, `down-${each.name}`);
    assert.deepEqual([record.error, record.total_cost_nano], ['upstream_unreachable', 0]);
  }
});
