// What the data plane's tests share: a chat request, its answer, and a proxy in
// front of a scripted provider.
import {Budget} from './budget.mjs';
import {reply, startProvider} from './provider.mjs';

export const chatPath = '/openai/v1/chat/completions';
export const chatBody = JSON.stringify({
  model: 'gpt-4o-mini', max_tokens: 20, messages: [{role: 'user', content: 'Hello'}]});
export const streamBody = JSON.stringify({
  model: 'gpt-4o-mini', max_tokens: 20, stream: true, stream_options: {include_usage: true},
  messages: [{role: 'user', content: 'Hello'}]});
export const jsonType = {'content-type': 'application/json'};

export const chatAnswer = JSON.stringify({
  id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini-2024-07-18',
  choices: [{index: 0, finish_reason: 'stop', message: {role: 'assistant', content: 'Hi there'}}],
  usage: {prompt_tokens: 9, completion_tokens: 3, total_tokens: 12}});

const delta = (content, finish = null) => ({
  id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini-2024-07-18',
  choices: [{index: 0, delta: {content}, finish_reason: finish}], usage: null});
export const streamEvents = [
  delta('Hi'), delta(' there'), delta('', 'stop'),
  {...delta(''), choices: [], usage: {prompt_tokens: 9, completion_tokens: 3, total_tokens: 12}},
].map((event) => `data: ${JSON.stringify(event)}\n\n`).concat('data: [DONE]\n\n');

export const answerChat = (request, socket) => reply(socket, 200, jsonType, chatAnswer);

// A proxy whose providers all are the one scripted `answer`. `options` go to
// Budget, `provider` (YAML members) to the provider `openai`.
export async function startPlane({answer = answerChat, provider: members = '', config = '', ...options} = {}) {
  // Tests change the script between calls.
  const script = {answer};
  const provider = await startProvider((request, socket) => script.answer(request, socket));
  const one = (name, more = '') => `  ${name}: {format: ${name}, url: "${provider.url}"${more}}`;
  const budget = await new Budget({...options, config: `
providers:
${one('openai', members ? `, ${members}` : ', key: provider-key')}
${['anthropic', 'gemini', 'bedrock', 'ollama'].map((name) => one(name)).join('\n')}
${config}`}).start();
  return {
    budget, provider, script,
    record: async (id) => (await budget.records()).find((record) => record.request_id === id),
    async close() {
      const end = await budget.stop();
      await provider.close();
      // A sanitizer speaks up here at the latest.
      if (end.code !== 0) throw new Error(`budget ended with ${end.code ?? end.signal}`);
    },
  };
}
