// The talk with the assistant: what was said, what it looked at, what it says.
import {signal} from '@preact/signals';
import {failureOf, request} from '../lib/api';
import {sentenceOf} from '../pieces/basics';
import {eventsOf, type Sent} from './stream';

export interface Tool { name: string; input: unknown; done: boolean }
export interface Turn { id: number; role: 'user' | 'assistant'; text: string; tools: Tool[]; busy: boolean; error: string }

export const turns = signal<Turn[]>([]);
let next = 1;
let abort: AbortController | undefined;

function change(id: number, how: (turn: Turn) => Turn): void {
  turns.value = turns.value.map((turn) => (turn.id === id ? how(turn) : turn));
}

function textIn(data: unknown): string {
  if (typeof data === 'string') return data;
  const object = (data ?? {}) as Record<string, unknown>;
  for (const name of ['text', 'delta', 'content', 'message']) if (typeof object[name] === 'string') return object[name];
  return '';
}

function parsed(text: string): unknown {
  try { return JSON.parse(text) as unknown; } catch { return text; }
}

// One event of the stream: text, a tool that is used or has answered, an error.
function take(id: number, sent: Sent): void {
  const data = parsed(sent.data);
  const object = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
  const kind = sent.event !== 'message' ? sent.event : String(object['type'] ?? 'text');
  if (/error/.test(kind)) change(id, (turn) => ({...turn, error: textIn(data) || 'The assistant failed.'}));
  else if (/tool_result/.test(kind)) change(id, (turn) => ({...turn, tools: turn.tools.map((tool) => ({...tool, done: true}))}));
  else if (/tool/.test(kind)) {
    const tool = {name: String(object['name'] ?? object['tool'] ?? 'tool'), input: object['input'] ?? object['arguments'] ?? null, done: false};
    change(id, (turn) => ({...turn, tools: [...turn.tools, tool]}));
  } else if (/delta|text|token|message|answer/.test(kind)) change(id, (turn) => ({...turn, text: turn.text + textIn(data)}));
}

export async function ask(question: string): Promise<void> {
  const said = turns.value.filter(({text}) => text).map(({role, text}) => ({role, content: text}));
  const id = next + 1;
  turns.value = [...turns.value, {id: next, role: 'user', text: question, tools: [], busy: false, error: ''},
    {id, role: 'assistant', text: '', tools: [], busy: true, error: ''}];
  next += 2;
  abort = new AbortController();
  try {
    const answer = await request('POST', '/api/assistant/chat', {messages: [...said, {role: 'user', content: question}]},
                                 {accept: 'text/event-stream'}, abort.signal);
    if (!answer.ok) throw await failureOf(answer);
    if (!answer.body || !answer.headers.get('content-type')?.startsWith('text/event-stream')) {
      const whole = await answer.json() as {data?: unknown};
      change(id, (turn) => ({...turn, text: textIn(whole.data ?? whole)}));
    } else {
      for await (const sent of eventsOf(answer.body)) take(id, sent);
    }
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) change(id, (turn) => ({...turn, error: sentenceOf(error as Error)}));
  }
  change(id, (turn) => ({...turn, busy: false, tools: turn.tools.map((tool) => ({...tool, done: true}))}));
}

export function stop(): void {
  abort?.abort();
}

export function forget(): void {
  stop();
  turns.value = [];
}
