// Bedrock and Cohere by curl, which looks like an SDK to the tests.
import assert from 'node:assert/strict';
import {decodeFrames} from './aws_event_stream.mjs';
import {curl, CurlError, sseEvents} from './curl.mjs';
import {collect, messages, openaiTool, path, prompt, schema} from './sdk_common.mjs';
import {exchanges} from './sdk_running.mjs';

const curlError = (type) => (error, status) => {
  assert.equal(error.constructor, CurlError);
  assert.equal(error.status, status);
  if (type) assert.ok(error.headers.get('x-amzn-errortype'));
};

const curlClient = (budget, component, headers, provider) => async (target, body) => {
  try {
    const answer = await curl(budget, path(component, provider) + target, body, {
      authorization: 'Bearer caller',
      ...headers,
    });
    exchanges.push(answer);
    return answer;
  } catch (error) {
    exchanges.push(error);
    throw error;
  }
};
const json = (answer) => JSON.parse(answer.body.toString());

export const bedrock = {
  name: 'bedrock',
  model: 'anthropic.claude-3-5-haiku-20241022-v1:0',
  embedModel: 'amazon.titan-embed-text-v2:0',
  operation: 'chat',
  length: 'max_tokens',
  stop: 'end_turn',
  error: curlError(true),
  refusal(error) {
    assert.equal(error.headers.get('x-amzn-errortype'), 'ThrottlingException');
  },
  connect(budget, component, headers, provider) {
    const post = curlClient(budget, component, headers, provider);
    const {model, embedModel} = this;
    const usage = (usage) => ({input: usage?.inputTokens, output: usage?.outputTokens});
    const ask = (maxTokens) => ({
      messages: [{role: 'user', content: [{text: prompt}]}],
      ...(maxTokens && {inferenceConfig: {maxTokens}}),
    });
    const target = (id, verb) => `/model/${encodeURIComponent(id)}/${verb}`;
    const told = (r) => ({
      text: r.output.message.content.map(({text}) => text ?? '').join(''),
      finish: r.stopReason,
      ...usage(r.usage),
    });
    return {
      post,
      plain: async ({maxTokens, ...extra} = {}) =>
        told(json(await post(target(extra.model ?? model, 'converse'), ask(maxTokens)))),
      async stream({maxTokens} = {}) {
        const frames = decodeFrames(
          (await post(target(model, 'converse-stream'), ask(maxTokens))).body,
        );
        return collect(frames, ({payload}) => ({
          text: payload.delta?.text,
          finish: payload.stopReason,
          ...usage(payload.usage),
        }));
      },
      async tool() {
        const r = json(
          await post(target(model, 'converse'), {
            ...ask(),
            toolConfig: {
              tools: [{toolSpec: {name: 'get_weather', inputSchema: {json: schema}}}],
              toolChoice: {any: {}},
            },
          }),
        );
        const {toolUse} = r.output.message.content.find((block) => block.toolUse);
        return {...told(r), tool: toolUse.name, arguments: toolUse.input};
      },
      async embed() {
        const r = json(await post(target(embedModel, 'invoke'), {inputText: 'one'}));
        return {vectors: [r.embedding, r.embedding], input: r.inputTextTokenCount, output: 0};
      },
    };
  },
};

export const cohere = {
  name: 'cohere',
  model: 'command-a-03-2025',
  embedModel: 'embed-v4.0',
  operation: 'chat',
  length: 'MAX_TOKENS',
  stop: 'COMPLETE',
  error: curlError(false),
  refusal() {},
  connect(budget, component, headers, provider) {
    const post = curlClient(budget, component, headers, provider);
    const {model, embedModel} = this;
    const usage = (r) => ({
      input: r?.usage?.billed_units?.input_tokens,
      output: r?.usage?.billed_units?.output_tokens,
    });
    const told = (r) => ({
      text: r.message.content?.map(({text}) => text).join('') ?? '',
      finish: r.finish_reason,
      ...usage(r),
    });
    const ask = {model, messages};
    return {
      post,
      plain: async ({maxTokens, ...extra} = {}) =>
        told(json(await post('/v2/chat', {...ask, ...extra, max_tokens: maxTokens}))),
      async stream({maxTokens} = {}) {
        const answer = await post('/v2/chat', {...ask, max_tokens: maxTokens, stream: true});
        return collect(sseEvents(answer.body), ({delta}) => ({
          text: delta?.message?.content?.text,
          finish: delta?.finish_reason,
          ...usage(delta),
        }));
      },
      async tool() {
        const r = json(
          await post('/v2/chat', {...ask, tools: [openaiTool], tool_choice: 'REQUIRED'}),
        );
        const call = r.message.tool_calls[0].function;
        return {...told(r), tool: call.name, arguments: JSON.parse(call.arguments)};
      },
      async embed() {
        const r = json(
          await post('/v2/embed', {
            model: embedModel,
            texts: ['one', 'two'],
            input_type: 'search_query',
            embedding_types: ['float'],
          }),
        );
        return {vectors: r.embeddings.float, input: r.meta.billed_units.input_tokens, output: 0};
      },
    };
  },
};
