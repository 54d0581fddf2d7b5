// The official SDKs, pointed at a running proxy over TLS. Each is told to do the
// same few things and tells what came of them in the same few words:
// {text, finish, input, output, tool, vectors}.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import {ApiError, GoogleGenAI} from '@google/genai';
import {Ollama} from 'ollama';
import OpenAI, {AzureOpenAI} from 'openai';
import {collect, messages, openaiTool, path, prompt, schema} from './sdk_common.mjs';
import {bedrock, cohere} from './sdk_curl.mjs';

export * from './sdk_running.mjs';

const usageOf = (usage) => ({input: usage?.prompt_tokens, output: usage?.completion_tokens});

// What every chat client of OpenAI's has in common.
function chatCalls(client, model, embedModel) {
  return {
    async plain({maxTokens, ...extra} = {}) {
      const r = await client.chat.completions.create({
        model: extra.model ?? model,
        messages,
        max_completion_tokens: maxTokens,
      });
      return {
        text: r.choices[0].message.content,
        finish: r.choices[0].finish_reason,
        model: r.model,
        ...usageOf(r.usage),
      };
    },
    async stream({maxTokens, ...extra} = {}) {
      const stream = await client.chat.completions.create({
        model,
        messages,
        max_completion_tokens: maxTokens,
        stream: true,
        ...extra,
      });
      return collect(stream, ({choices: [choice], usage}) => ({
        text: choice?.delta?.content,
        finish: choice?.finish_reason,
        ...usageOf(usage),
      }));
    },
    async tool() {
      const r = await client.chat.completions.create({
        model,
        messages,
        tools: [openaiTool],
        tool_choice: 'required',
      });
      const {name, arguments: text} = r.choices[0].message.tool_calls[0].function;
      return {tool: name, arguments: JSON.parse(text), ...usageOf(r.usage)};
    },
    async embed() {
      const r = await client.embeddings.create({model: embedModel, input: ['one', 'two']});
      return {vectors: r.data.map((d) => d.embedding), input: r.usage.prompt_tokens, output: 0};
    },
  };
}

const statusClasses = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  429: 'RateLimitError',
  500: 'InternalServerError',
  529: 'InternalServerError',
};

// The error is the SDK's class for the status.
const openaiError = (error, status) => {
  assert.equal(error.constructor, OpenAI[statusClasses[status]]);
  assert.equal(error.status, status);
};
const openaiRefusal = (error) => {
  assert.deepEqual([error.type, error.code], ['insufficient_quota', 'budget_exceeded']);
  assert.equal(error.error.budget.budget, 'tiny');
};
const openai = {
  name: 'openai',
  model: 'gpt-4o-mini',
  embedModel: 'text-embedding-3-small',
  operation: 'chat',
  length: 'length',
  stop: 'stop',
  error: openaiError,
  refusal: openaiRefusal,
  connect(budget, component, headers, provider) {
    const client = new OpenAI({
      apiKey: 'sk-caller',
      baseURL: `${budget.url}${path(component, provider)}/v1`,
      defaultHeaders: headers,
    });
    return {client, ...chatCalls(client, this.model, this.embedModel)};
  },
};

const azure = {
  ...openai,
  name: 'azure',
  model: 'gpt-4o',
  embedModel: 'text-embedding-3-large',
  connect(budget, component, headers, provider) {
    const client = new AzureOpenAI({
      apiKey: 'caller',
      endpoint: budget.url + path(component, provider),
      apiVersion: '2024-10-21',
      defaultHeaders: headers,
    });
    return {client, ...chatCalls(client, this.model, this.embedModel)};
  },
};

const responses = {
  ...openai,
  name: 'responses',
  embedModel: undefined,
  operation: 'responses',
  length: 'max_output_tokens',
  stop: 'completed',
  connect(budget, component, headers, provider) {
    const {client} = openai.connect(budget, component, headers, provider);
    const {model} = this;
    const told = (r) => ({
      text: r.output_text,
      finish: r.incomplete_details?.reason ?? r.status,
      model: r.model,
      input: r.usage?.input_tokens,
      output: r.usage?.output_tokens,
    });
    return {
      client,
      plain: async ({maxTokens, ...extra} = {}) =>
        told(
          await client.responses.create({
            model: extra.model ?? model,
            input: prompt,
            max_output_tokens: maxTokens,
          }),
        ),
      // The SDK's own accumulator: it throws on an event out of order.
      async stream({maxTokens} = {}) {
        const stream = client.responses.stream({
          model,
          input: prompt,
          max_output_tokens: maxTokens,
        });
        return told(await stream.finalResponse());
      },
      async tool() {
        const r = await client.responses.create({
          model,
          input: prompt,
          tool_choice: 'required',
          tools: [{type: 'function', name: 'get_weather', parameters: schema, strict: false}],
        });
        const call = r.output.find(({type}) => type === 'function_call');
        return {...told(r), tool: call.name, arguments: JSON.parse(call.arguments)};
      },
    };
  },
};

const anthropic = {
  name: 'anthropic',
  model: 'claude-haiku-4-5',
  operation: 'chat',
  length: 'max_tokens',
  stop: 'end_turn',
  error(error, status) {
    assert.ok(error instanceof Anthropic[statusClasses[status]]);
    assert.equal(error.status, status);
  },
  refusal(error) {
    assert.equal(error.error.error.type, 'rate_limit_error');
    assert.equal(error.error.request_id, error.headers.get('x-budget-request-id'));
  },
  connect(budget, component, headers, provider) {
    const client = new Anthropic({
      apiKey: 'caller',
      baseURL: budget.url + path(component, provider),
      defaultHeaders: headers,
    });
    const {model} = this;
    const told = (r) => ({
      text: r.content.map((block) => block.text ?? '').join(''),
      finish: r.stop_reason,
      model: r.model,
      input: r.usage.input_tokens,
      output: r.usage.output_tokens,
    });
    const ask = {model, max_tokens: 1000, messages};
    return {
      client,
      plain: async ({maxTokens = 1000, ...extra} = {}) =>
        told(await client.messages.create({...ask, ...extra, max_tokens: maxTokens})),
      stream: async ({maxTokens = 1000} = {}) =>
        told(await client.messages.stream({...ask, max_tokens: maxTokens}).finalMessage()),
      // Without the SDK's accumulator, which cannot do without usage.
      async events() {
        const stream = await client.messages.create({...ask, stream: true});
        return collect(stream, ({delta}) => ({text: delta?.text, finish: delta?.stop_reason}));
      },
      async tool() {
        const r = await client.messages.create({
          ...ask,
          tools: [{name: 'get_weather', input_schema: schema}],
          tool_choice: {type: 'any'},
        });
        const call = r.content.find(({type}) => type === 'tool_use');
        return {...told(r), tool: call.name, arguments: call.input};
      },
    };
  },
};

const gemini = {
  name: 'gemini',
  model: 'gemini-2.5-flash',
  embedModel: 'gemini-embedding-001',
  operation: 'generate_content',
  length: 'MAX_TOKENS',
  stop: 'STOP',
  error(error, status) {
    assert.equal(error.constructor, ApiError);
    assert.equal(error.status, status);
  },
  refusal(error) {
    const {error: body} = JSON.parse(error.message);
    assert.deepEqual([body.code, body.status], [429, 'RESOURCE_EXHAUSTED']);
  },
  connect(budget, component, headers, provider) {
    const client = new GoogleGenAI({
      apiKey: 'caller',
      httpOptions: {baseUrl: budget.url + path(component, provider), headers},
    });
    const {model, embedModel} = this;
    const usage = (r) =>
      r.usageMetadata && {
        input: r.usageMetadata.promptTokenCount,
        output:
          (r.usageMetadata.candidatesTokenCount ?? 0) + (r.usageMetadata.thoughtsTokenCount ?? 0),
      };
    const told = (r) => ({
      text: r.text,
      finish: r.candidates?.[0]?.finishReason,
      model: r.modelVersion,
      ...usage(r),
    });
    const config = (maxTokens) => ({maxOutputTokens: maxTokens});
    return {
      client,
      plain: async ({maxTokens, ...extra} = {}) =>
        told(
          await client.models.generateContent({
            model: extra.model ?? model,
            contents: prompt,
            config: config(maxTokens),
          }),
        ),
      stream: async ({maxTokens} = {}) =>
        collect(
          await client.models.generateContentStream({
            model,
            contents: prompt,
            config: config(maxTokens),
          }),
          told,
        ),
      async tool() {
        const r = await client.models.generateContent({
          model,
          contents: prompt,
          config: {
            tools: [{functionDeclarations: [{name: 'get_weather', parametersJsonSchema: schema}]}],
            toolConfig: {functionCallingConfig: {mode: 'ANY'}},
          },
        });
        const [call] = r.functionCalls;
        return {...usage(r), tool: call.name, arguments: call.args};
      },
      async embed() {
        const r = await client.models.embedContent({model: embedModel, contents: ['one', 'two']});
        return {vectors: r.embeddings.map((e) => e.values), output: 0};
      },
    };
  },
};

const ollama = {
  name: 'ollama',
  model: 'llama3.2',
  embedModel: 'nomic-embed-text',
  operation: 'chat',
  length: 'length',
  stop: 'stop',
  error(error, status) {
    assert.equal(error.name, 'ResponseError');
    assert.equal(error.status_code, status);
  },
  refusal() {},
  connect(budget, component, headers, provider) {
    const client = new Ollama({host: budget.url + path(component, provider), headers});
    const {model, embedModel} = this;
    const usage = (r) => ({
      model: r.model,
      input: r.prompt_eval_count,
      output: r.eval_count,
      finish: r.done_reason,
    });
    const told = (r) => ({text: r.message.content, ...usage(r)});
    const options = (maxTokens) => maxTokens && {num_predict: maxTokens};
    return {
      client,
      plain: async ({maxTokens, ...extra} = {}) =>
        told(
          await client.chat({model: extra.model ?? model, messages, options: options(maxTokens)}),
        ),
      stream: async ({maxTokens} = {}) =>
        collect(
          await client.chat({model, messages, stream: true, options: options(maxTokens)}),
          told,
        ),
      // Ollama has no way to demand a call, so nothing is called here; what the
      // tools add to the input counts.
      async tool() {
        return told(await client.chat({model, messages, tools: [openaiTool]}));
      },
      async embed() {
        const r = await client.embed({model: embedModel, input: ['one', 'two']});
        return {vectors: r.embeddings, input: r.prompt_eval_count, output: 0};
      },
    };
  },
};

export const sdks = [openai, responses, azure, anthropic, gemini, ollama, bedrock, cohere];
export const sdk = Object.fromEntries(sdks.map((each) => [each.name, each]));

// The same client, told not to retry on its own.
export function once(connected) {
  if (connected.client && 'maxRetries' in connected.client) connected.client.maxRetries = 0;
  return connected;
}
