// Calls for the console to show: some made now, and a week of recorded ones.
const components = ['rhetor', 'codex', 'apollo', 'athena', 'engram', 'hermes', 'prometheus'];
const models = [['anthropic', 'claude-sonnet-4-5'], ['openai', 'gpt-4o-mini'], ['gemini', 'gemini-2.5-flash'], ['openai', 'gpt-4o'], ['ollama', 'llama3.3']];
const tasks = ['chat', 'coding', 'retrieval', 'routing', ''];

// The same numbers for the same seed.
export function dice(seed) {
  let state = seed >>> 0;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

export function call(budget, component, {model = 'gpt-4o', headers = {}, maxTokens = 1000, text = 'Tell me of the budget.'} = {}) {
  return budget.post('/openai/v1/chat/completions',
    {model, max_tokens: maxTokens, messages: [{role: 'user', content: text}]},
    {'x-budget-component': component, 'x-budget-task-type': 'coding', 'x-simulate-output-tokens': '120', 'x-simulate-cached-tokens': '4', ...headers});
}

// `count` calls recorded over the last `days`, with about `size` tokens each.
export async function record(budget, count, {days = 7, seed = 7, size = 6000} = {}) {
  const roll = dice(seed);
  const now = Date.now();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      const [provider, model] = models[roll(models.length)];
      const input = Math.floor(size / 15) + roll(size * 2);
      const latency = 120 + roll(2400);
      const answer = await budget.post('/api/usage/record', {
        provider, model, component: components[Math.min(roll(components.length), roll(components.length))],
        task_type: tasks[roll(tasks.length)], context_id: `ctx-${roll(40)}`, user: ['ann', 'ben', 'cleo', ''][roll(4)],
        input_tokens: input, cache_read_tokens: roll(3) ? roll(input) : 0, output_tokens: 1 + roll(Math.floor(size / 4)),
        stream: roll(2) === 1, status: 200, latency_ms: latency, time_to_first_byte_ms: Math.floor(latency / 3),
        timestamp: new Date(now - Math.floor((days * 86_400_000 * (count - index)) / count)).toISOString(),
      }, {'x-api-key': budget.adminKey});
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({length: 8}, worker));
}

// A day's work: recorded calls, calls made now, and some that are refused.
export async function seed(budget) {
  await record(budget, 600);
  for (const component of ['rhetor', 'codex', 'apollo', 'sophia', 'terma', 'terma', 'terma', 'terma', 'terma']) await call(budget, component);
}
