// The talk with the assistant: what was said, what it looked at, what it says.
import {signal} from '@preact/signals';
import {failureOf, request} from '../lib/api';
import {sentenceOf} from '../pieces/basics';
import {eventsOf, type Sent} from './stream';

export interface Tool { name: string; input: unknown; done: boolean }
export interface Turn { id: number; role: 'user' | 'assistant'; text: string; tools: Tool[]; busy: boolean; error: string; source: string }

export const turns = signal<Turn[]>([]);
let next = 1;
let abort: AbortController | undefined;

function change(id: number, how: (turn: Turn) => Turn): void {
  turns.value = turns.value.map((turn) => (turn.id === id ? how(turn) : turn));
}

interface Told { text?: string; message?: string; name?: string; arguments?: unknown; source?: string; model?: string | null }

// One event of the stream (docs/api.md).
function take(id: number, {event, data}: Sent): void {
  let told: Told;
  try { told = JSON.parse(data) as Told; } catch { return; }
  change(id, (turn) => {
    switch (event) {
      case 'tool_call': return {...turn, tools: [...turn.tools, {name: told.name ?? '', input: told.arguments ?? null, done: false}]};
      case 'tool_result': {
        const at = turn.tools.findIndex((tool) => tool.name === told.name && !tool.done);
        return {...turn, tools: turn.tools.map((tool, i) => (i === at ? {...tool, done: true} : tool))};
      }
      case 'delta': return {...turn, text: turn.text + (told.text ?? '')};
      case 'error': return {...turn, error: told.message ?? 'The assistant failed.'};
      case 'done': return {...turn, source: told.model ? `by ${told.model}` : told.source ?? ''};
      default: return turn;
    }
  });
}

export async function ask(question: string): Promise<void> {
  const said = turns.value.filter(({text}) => text).map(({role, text}) => ({role, content: text.slice(0, 8000)})).slice(-30);
  const id = next + 1;
  turns.value = [...turns.value, {id: next, role: 'user', text: question, tools: [], busy: false, error: '', source: ''},
    {id, role: 'assistant', text: '', tools: [], busy: true, error: '', source: ''}];
  next += 2;
  abort = new AbortController();
  try {
    const answer = await request('POST', '/api/assistant/chat', {messages: [...said, {role: 'user', content: question}]},
                                 {accept: 'text/event-stream'}, abort.signal);
    if (!answer.ok) throw await failureOf(answer);
    for await (const sent of eventsOf(answer.body!)) take(id, sent);
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
