// A document's table of calls, made and compared.
//
// In the cell of the call: `/PATH`, `x-header: value`, else `field: value` of
// the body; "says N" what the model says (50 tokens if nothing is said), "takes
// N ms", "N at once", "× N". "recorded": the fields are those of POST
// /api/usage/record, which stands for calls that were made before.
// In the cell of the answer: `STATUS decision`, perhaps "× N", as many as there
// are calls; `x-header: value` and `field.of.the.body: value`, in which `…`
// stands for anything; "…" quotes a part of the body.
import assert from 'node:assert/strict';
import {sleep} from './provider.mjs';

const spans = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1].replaceAll('\\|', '|'));
const prose = (cell) => cell.replaceAll(/`[^`]+`/g, ' ');
const number = (pattern, text) => {
  const found = pattern.exec(text);
  return found ? Number(found[1]) : undefined;
};

function scalar(text) {
  if (text === 'null') return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

const bodies = [
  [/\/converse$/, ({max_tokens}) => ({messages: [{role: 'user', content: [{text: question}]}], inferenceConfig: {maxTokens: max_tokens}})],
  [/:generateContent$/, ({max_tokens}) => ({contents: [{parts: [{text: question}]}], generationConfig: {maxOutputTokens: max_tokens}})],
  [/\/api\/chat$/, ({max_tokens, ...rest}) => ({model: 'llama3.2', stream: false, messages, options: {num_predict: max_tokens}, ...rest})],
  [/\/v1\/messages$/, (fields) => ({model: 'claude-sonnet-4-5', messages, ...fields})],
  [/\/embeddings$/, ({max_tokens, ...rest}) => ({model: 'text-embedding-3-small', input: question, ...rest})],
  [/./, (fields) => ({model: 'gpt-4o', messages, ...fields})],
];
const question = 'Say something about the sea.';
const messages = [{role: 'user', content: question}];

export function readCall(cell, env = {}) {
  const filled = cell.replace(/\$(\w+)/g, (text, name) => env[name] ?? text);
  const words = prose(filled);
  const call = {path: '/openai/v1/chat/completions', headers: {}, fields: {}, recorded: /\brecorded\b/.test(words),
                at_once: number(/(\d+) at once/, words), times: number(/× (\d+)/, words) ?? 1};
  for (const span of spans(filled)) {
    if (span.startsWith('/')) { call.path = span; continue; }
    const found = /^([\w.-]+): (.*)$/.exec(span);
    assert.ok(found, `'${span}' is no path, header or field`);
    const [, name, value] = found;
    if (/^(x-|authorization$)/.test(name)) call.headers[name] = value;
    else call.fields[name] = scalar(value);
  }
  call.headers['x-test-output-tokens'] = String(number(/says (\d+)/, words) ?? 50);
  const latency = number(/takes (\d+) ms/, words);
  if (latency) call.headers['x-test-latency-ms'] = String(latency);
  return call;
}

// {outcomes: ['200 allow', …], says: [[name, value], …], quotes: [...]}
export function readAnswer(cell) {
  const answer = {outcomes: [], says: [], quotes: [...prose(cell).matchAll(/“([^”]+)”/g)].map((match) => match[1])};
  for (const [, span, times] of cell.matchAll(/`([^`]+)`(?: × (\d+))?/g)) {
    const found = /^([\w.-]+): (.*)$/.exec(span);
    if (found) answer.says.push([found[1], found[2]]);
    else answer.outcomes.push(...Array(Number(times ?? 1)).fill(span));
  }
  return answer;
}

const asText = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
function matches(seen, said) {
  const pattern = said.split('…').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}$`, 's').test(seen ?? '');
}

async function make(budget, call) {
  const [, shape] = bodies.find(([pattern]) => pattern.test(call.path.split('?')[0]));
  const answer = await budget.post(call.path, shape({max_tokens: 100, ...call.fields}), call.headers);
  return {...answer, outcome: `${answer.status} ${answer.headers['x-budget-decision'] ?? ''}`.trim()};
}

async function record(budget, {fields}) {
  const body = {provider: 'openai', model: 'gpt-4o', tags: {}};
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith('tags.')) body.tags[name.slice(5)] = value;
    else body[name] = name === 'total_cost' ? String(value) : value;
  }
  const answer = await budget.post('/api/usage/record', body, {'x-api-key': budget.adminKey});
  return {...answer, outcome: String(answer.status)};
}

// Makes the calls of one row and compares the answers.
export async function runRow(budget, row, where, env) {
  const call = readCall(row.call, env);
  const expected = readAnswer(row.answer);
  assert.ok(expected.outcomes.length > 0, `${where}: the answer has no status`);
  const answers = [];
  if (call.at_once) {
    answers.push(...await Promise.all(Array.from({length: call.at_once}, () => make(budget, call))));
  } else {
    for (let i = 0; i < call.times; ++i) answers.push(await (call.recorded ? record : make)(budget, call));
  }
  const seen = answers.map(({outcome}) => outcome);
  const want = expected.outcomes.length === 1 ? Array(answers.length).fill(expected.outcomes[0]) : expected.outcomes;
  // Calls at the same time are answered in any order.
  const order = (list) => (call.at_once ? list.toSorted() : list);
  const bodies = answers.map(({body}) => body.toString().slice(0, 600)).join('\n');
  assert.deepEqual(order(seen), order(want), `${where}\n${bodies}`);
  const last = answers.at(-1);
  for (const [name, value] of expected.says) {
    if (/^(x-|retry-after$)/.test(name)) {
      assert.ok(matches(last.headers[name], value), `${where}: ${name} is ${last.headers[name]}`);
      continue;
    }
    const found = name.split('.').reduce((object, key) => object?.[key], JSON.parse(last.body.toString()));
    assert.ok(matches(asText(found), value), `${where}: ${name} is ${asText(found)}\n${bodies}`);
  }
  for (const quote of expected.quotes) {
    assert.ok(last.body.toString().includes(quote), `${where}: does not say “${quote}”\n${bodies}`);
  }
  return sleep(0);
}
