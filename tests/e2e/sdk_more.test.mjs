// What each provider has besides chat: Responses, completions, sound, pictures,
// counts that cost nothing, thinking, InvokeModel, rerank.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import {toFile} from 'openai';
import {chunkPayloads} from './lib/aws_event_stream.mjs';
import {costNano, exchanges, lastHeaders, recordOf, sdk, startBudget} from './lib/sdk.mjs';

let budget;
before(async () => {
  budget = await startBudget({
    prices: `
    "simulated/whisper-1": {audio_second: 0.0001}
    "simulated/tts-1": {character: 0.000015}
    "simulated/rerank-v3.5": {search_unit: 0.002}
`,
  });
});
after(() => budget?.stop());

const openai = (component, headers) => sdk.openai.connect(budget, component, headers).client;
const anthropic = (component, headers) => sdk.anthropic.connect(budget, component, headers).client;
const gemini = (component, headers) => sdk.gemini.connect(budget, component, headers).client;
const ollama = (component, headers) => sdk.ollama.connect(budget, component, headers).client;
const messages = [{role: 'user', content: 'Say something.'}];
// A second of silence at 8 kHz.
const wave = () => {
  const head = Buffer.from(
    'RIFF....WAVEfmt \u0010\0\0\0\u0001\0\u0001\0@\u001f\0\0@\u001f\0\0\u0001\0\u0008\0data@\u001f\0\0',
    'latin1',
  );
  head.writeUInt32LE(36 + 8000, 4);
  return toFile(Buffer.concat([head, Buffer.alloc(8000, 128)]), 'silence.wav', {type: 'audio/wav'});
};

async function recorded(component, expected) {
  const record = await recordOf(budget, component);
  const wanted = {
    status: 200,
    error: '',
    provider: 'simulated',
    usage_source: 'reported',
    ...expected,
  };
  for (const [name, value] of Object.entries(wanted)) assert.deepEqual(record[name], value, name);
  assert.ok(record.total_cost_nano > 0, 'it costs');
  return record;
}

test('OpenAI completions, plain and streamed', async () => {
  const ask = {model: 'gpt-3.5-turbo-instruct', prompt: ['one', 'two'], max_tokens: 32};
  const r = await openai('completion').completions.create(ask);
  await recorded('completion', {
    operation: 'text_completion',
    input_tokens: r.usage.prompt_tokens,
    output_tokens: r.usage.completion_tokens,
  });
  let text = '';
  for await (const chunk of await openai('completion-stream').completions.create({
    ...ask,
    stream: true,
  })) {
    assert.ok(!chunk.usage);
    text += chunk.choices[0].text;
  }
  assert.equal(text, r.choices.map((choice) => choice.text).join(''));
  await recorded('completion-stream', {stream: true, output_tokens: r.usage.completion_tokens});
});

test('OpenAI transcription uploads a file and is billed by what the answer says', async () => {
  const r = await openai('transcription').audio.transcriptions.create({
    model: 'gpt-4o-transcribe',
    file: await wave(),
  });
  assert.ok(r.text.length > 0);
  await recorded('transcription', {
    operation: 'transcription',
    model: 'gpt-4o-transcribe',
    input_tokens: r.usage.input_tokens,
    output_tokens: r.usage.output_tokens,
  });
  let usage;
  for await (const event of await openai('transcription-stream').audio.transcriptions.create({
    model: 'gpt-4o-transcribe',
    file: await wave(),
    stream: true,
  }))
    usage = event.usage ?? usage;
  await recorded('transcription-stream', {
    stream: true,
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
  });
  const timed = await openai('whisper').audio.transcriptions.create({
    model: 'whisper-1',
    file: await wave(),
  });
  await recorded('whisper', {
    seconds: timed.usage.seconds,
    total_cost_nano: timed.usage.seconds * 100_000,
  });
  await openai('translation').audio.translations.create({
    model: 'gpt-4o-transcribe',
    file: await wave(),
  });
  await recorded('translation', {operation: 'translation'});
});

test('OpenAI speech is bytes, billed by its characters', async () => {
  const r = await openai('speech').audio.speech.create({
    model: 'tts-1',
    voice: 'alloy',
    input: 'Hello there',
  });
  assert.ok((await r.arrayBuffer()).byteLength > 0);
  const record = await recordOf(budget, 'speech');
  assert.equal(record.operation, 'speech');
  assert.equal(record.total_cost_nano, 11 * 15_000);
});

test('OpenAI pictures, plain, streamed and edited', async () => {
  const image = await toFile(Buffer.from('not a picture'), 'a.png', {type: 'image/png'});
  const ask = {model: 'gpt-image-1', prompt: 'A cat', quality: 'low'};
  const r = await openai('image').images.generate(ask);
  await recorded('image', {
    operation: 'image_generation',
    input_tokens: r.usage.input_tokens,
    output_tokens: r.usage.output_tokens,
  });
  let usage;
  for await (const event of await openai('image-stream').images.generate({...ask, stream: true})) {
    usage = event.usage ?? usage;
  }
  await recorded('image-stream', {stream: true, output_tokens: usage.output_tokens});
  const edited = await openai('image-edit').images.edit({
    model: 'gpt-image-1',
    prompt: 'A dog',
    image,
  });
  await recorded('image-edit', {
    operation: 'image_generation',
    output_tokens: edited.usage.output_tokens,
  });
});

test('Several choices are metered together', async () => {
  const r = await openai('choices').chat.completions.create({
    model: 'gpt-4o-mini',
    messages,
    n: 3,
    max_completion_tokens: 20,
  });
  assert.equal(r.choices.length, 3);
  await recorded('choices', {
    output_tokens: r.usage.completion_tokens,
    total_cost_nano: costNano({input: r.usage.prompt_tokens, output: r.usage.completion_tokens}),
  });
});

test("Structured output and the SDK's own stream helper work through the proxy", async () => {
  const schema = {
    type: 'object',
    properties: {a: {type: 'string'}},
    required: ['a'],
    additionalProperties: false,
  };
  const parsed = await openai('parsed').chat.completions.parse({
    model: 'gpt-4o-mini',
    messages,
    response_format: {type: 'json_schema', json_schema: {name: 'x', strict: true, schema}},
  });
  assert.equal(typeof parsed.choices[0].message.parsed.a, 'string');
  const tool = {type: 'function', function: {name: 'get_weather', parameters: schema}};
  const helped = await openai('helper')
    .chat.completions.stream({
      model: 'gpt-4o-mini',
      messages,
      tools: [tool],
      tool_choice: 'required',
    })
    .finalChatCompletion();
  assert.equal(
    typeof JSON.parse(helped.choices[0].message.tool_calls[0].function.arguments).a,
    'string',
  );
  assert.equal(helped.choices[0].finish_reason, 'tool_calls');
  await recorded('helper', {stream: true});
});

test('What costs nothing passes and leaves no record', async () => {
  const free = {
    'OpenAI models': async () => {
      for await (const {id} of openai('free').models.list()) assert.ok(id);
    },
    'OpenAI model': async () =>
      assert.equal((await openai('free').models.retrieve('gpt-4o')).id, 'gpt-4o'),
    'OpenAI moderation': async () =>
      assert.equal(
        typeof (await openai('free').moderations.create({input: 'x'})).results[0].flagged,
        'boolean',
      ),
    'Anthropic models': async () => {
      for await (const {id} of anthropic('free').models.list()) assert.ok(id);
    },
    'Anthropic count': async () => {
      const {input_tokens: counted} = await anthropic('free').messages.countTokens({
        model: 'claude-haiku-4-5',
        messages,
      });
      const r = await anthropic('counted').messages.create({
        model: 'claude-haiku-4-5',
        max_tokens: 8,
        messages,
      });
      assert.equal(counted, r.usage.input_tokens);
    },
    'Gemini models': async () => {
      for await (const {name} of await gemini('free').models.list()) assert.ok(name);
    },
    'Gemini count': async () => {
      const {totalTokens} = await gemini('free').models.countTokens({
        model: 'gemini-2.5-flash',
        contents: 'Hello',
      });
      const r = await gemini('counted').models.generateContent({
        model: 'gemini-2.5-flash',
        contents: 'Hello',
      });
      assert.equal(totalTokens, r.usageMetadata.promptTokenCount);
    },
    'Ollama list': async () => assert.ok((await ollama('free').list()).models.length > 0),
  };
  for (const call of Object.values(free)) await call();
  assert.deepEqual(await budget.records('&component=free'), []);
  assert.equal((await budget.records('&component=counted')).length, 2);
  await openai('free').models.list();
  assert.ok(lastHeaders().get('x-budget-request-id'));
  assert.equal(lastHeaders().get('x-budget-decision'), null);
});

test("A path that cannot be metered is refused in the SDK's own words", async () => {
  exchanges.length = 0;
  await assert.rejects(
    openai('unmetered').batches.create({
      input_file_id: 'f',
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    }),
    {status: 403, code: 'unmetered_path'},
  );
  await assert.rejects(
    anthropic('unmetered').messages.batches.create({requests: []}),
    (error) => error instanceof Anthropic.PermissionDeniedError,
  );
  assert.equal(exchanges.length, 2);
});

test('Anthropic thinking, plain and streamed', async () => {
  const ask = {
    model: 'claude-haiku-4-5',
    max_tokens: 2048,
    messages,
    thinking: {type: 'enabled', budget_tokens: 1024},
  };
  const r = await anthropic('thinking').messages.create(ask);
  const streamed = await anthropic('thinking-stream').messages.stream(ask).finalMessage();
  assert.deepEqual(streamed.content, r.content);
  assert.equal(r.content[0].type, 'thinking');
  for (const component of ['thinking', 'thinking-stream']) {
    await recorded(component, {
      output_tokens: r.usage.output_tokens,
      input_tokens: r.usage.input_tokens,
    });
  }
});

test('Gemini thinks, and its thoughts are output', async () => {
  const r = await gemini('gemini-thinking', {
    'X-Simulate-Reasoning-Tokens': '30',
  }).models.generateContent({
    model: 'gemini-2.5-flash',
    contents: 'Hello',
    config: {thinkingConfig: {includeThoughts: true}},
  });
  assert.equal(r.usageMetadata.thoughtsTokenCount, 30);
  await recorded('gemini-thinking', {
    reasoning_tokens: 30,
    output_tokens: r.usageMetadata.candidatesTokenCount + 30,
  });
});

test('A Gemini stream without SSE is one JSON array', async () => {
  const target = '/@array/simulated/v1beta/models/gemini-2.5-flash:streamGenerateContent';
  const answer = await budget.post(target, {contents: [{parts: [{text: 'Hello'}]}]});
  const items = JSON.parse(answer.body);
  assert.ok(items.length > 2);
  const {promptTokenCount: input, candidatesTokenCount: output} = items.at(-1).usageMetadata;
  await recorded('array', {stream: true, input_tokens: input, output_tokens: output});
});

test("Bedrock's InvokeModel speaks its vendors' own formats, plain and streamed", async () => {
  const vendors = {
    'anthropic.claude-3-5-haiku-20241022-v1:0': {
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 200,
      messages,
    },
    'meta.llama3-8b-instruct-v1:0': {prompt: 'Hello', max_gen_len: 200},
    'mistral.mistral-7b-instruct-v0:2': {prompt: 'Hello', max_tokens: 200},
    'amazon.titan-text-express-v1': {
      inputText: 'Hello',
      textGenerationConfig: {maxTokenCount: 200},
    },
    'amazon.nova-lite-v1:0': {
      messages: [{role: 'user', content: [{text: 'Hello'}]}],
      inferenceConfig: {maxTokens: 200},
    },
  };
  for (const [model, body] of Object.entries(vendors)) {
    const vendor = model.split('.')[0] + model.length;
    const target = `/model/${encodeURIComponent(model)}`;
    await sdk.bedrock.connect(budget, `${vendor}-plain`).post(`${target}/invoke`, body);
    const plain = await recorded(`${vendor}-plain`, {requested_model: model, operation: 'chat'});
    const answer = await sdk.bedrock
      .connect(budget, `${vendor}-stream`)
      .post(`${target}/invoke-with-response-stream`, body);
    const metrics = chunkPayloads(answer.body).at(-1)['amazon-bedrock-invocationMetrics'];
    assert.deepEqual(
      [metrics.inputTokenCount, metrics.outputTokenCount],
      [plain.input_tokens, plain.output_tokens],
      model,
    );
    await recorded(`${vendor}-stream`, {
      stream: true,
      input_tokens: plain.input_tokens,
      output_tokens: plain.output_tokens,
    });
  }
});

test('Cohere rerank is billed by the search', async () => {
  const {post} = sdk.cohere.connect(budget, 'rerank');
  const r = JSON.parse(
    (
      await post('/v2/rerank', {
        model: 'rerank-v3.5',
        query: 'cat',
        documents: Array.from({length: 150}, (_, i) => `text ${i}`),
      })
    ).body,
  );
  assert.equal(r.meta.billed_units.search_units, 2);
  await recorded('rerank', {operation: 'rerank', total_cost_nano: 2 * 2_000_000});
});

test('Ollama generates, plain and streamed', async () => {
  const r = await ollama('generate').generate({model: 'llama3.2', prompt: 'Hello'});
  await recorded('generate', {input_tokens: r.prompt_eval_count, output_tokens: r.eval_count});
  let text = '';
  for await (const part of await ollama('generate-stream').generate({
    model: 'llama3.2',
    prompt: 'Hello',
    stream: true,
  }))
    text += part.response;
  assert.equal(text, r.response);
  await recorded('generate-stream', {stream: true, output_tokens: r.eval_count});
});
