// The assistant: it answers from the recorded numbers, and shows what it read.
import {useSignal} from '@preact/signals';
import {useEffect, useRef} from 'preact/hooks';
import {api} from '../lib/api';
import {useResource} from '../lib/resource';
import type {Policy, Summary} from '../lib/types';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';
import {Linked, type Names} from './linked';
import {ask, forget, stop, turns, type Tool, type Turn} from './talk';

const questions = ['Where does the money go this week?', 'Which limit will be reached first?', 'How could money be saved?'];

async function readNames(): Promise<Names> {
  const start_time = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const by = (field: string) => api.post<Summary>('/api/usage/summary', {start_time, group_by: [field]}).then(
    ({groups}) => new Set(groups.map(({group}) => group[field] ?? '').filter((name) => name.length > 1)));
  const [policies, components, models] = await Promise.all([api.all<Policy>('/api/policies'), by('component'), by('model')]);
  return {policies: new Set(policies.map(({id}) => id)), components, models};
}

function ToolLine({of}: {of: Tool}) {
  const words = of.name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/_/g, ' ').toLowerCase();
  const input = of.input && typeof of.input === 'object' ? Object.entries(of.input).map(([name, value]) =>
    `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ') : '';
  return <details class="tool"><summary>{of.done ? 'Read' : 'Reading'}: {words}</summary><div class="mono wrap">{input || 'everything'}</div></details>;
}

function Said({turn, names}: {turn: Turn; names: Names}) {
  if (turn.role === 'user') return <div class="said mine"><div class="text">{turn.text}</div></div>;
  return <div class="said" aria-busy={turn.busy}>
    {turn.tools.map((tool, i) => <ToolLine key={i} of={tool} />)}
    {turn.text ? <Linked text={turn.text} names={names} /> : turn.busy && <span class="dim">Thinking</span>}
    {turn.source && !turn.busy && <span class="dim small">{turn.source === 'figures' ? 'From the figures, without a model' : turn.source.replace(/_/g, ' ')}</span>}
    {turn.error && <p class="bad-ink wrap" role="alert">{turn.error}</p>}
  </div>;
}

const none: Names = {policies: new Set(), components: new Set(), models: new Set()};

export function Chat({openPalette}: ViewProps) {
  const names = useResource('names', readNames).data ?? none;
  const text = useSignal('');
  const field = useRef<HTMLTextAreaElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const list = turns.value;
  const last = list[list.length - 1];
  const busy = last?.busy ?? false;
  useEffect(() => { field.current?.focus({preventScroll: true}); }, []);
  useEffect(() => { end.current?.scrollIntoView({block: 'end'}); }, [last?.text.length, list.length]);
  const send = (question = text.value.trim()) => {
    if (!question || busy) return;
    text.value = '';
    void ask(question);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return <>
    <Top title="Budget Chat" openPalette={openPalette}>{list.length > 0 && <button type="button" class="button" onClick={forget}>New talk</button>}</Top>
    <section class="card chat" aria-label="Budget Chat">
      <div class="talk" tabIndex={0} role="log" aria-label="Talk" aria-live="polite">
        {list.length === 0 && <div class="empty"><span>Ask about what was spent, and what could be saved. Answers come from the recorded numbers.</span>
          <div class="row-flex">{questions.map((question) => <button type="button" key={question} class="button" onClick={() => send(question)}>{question}</button>)}</div></div>}
        {list.map((turn) => <Said key={turn.id} turn={turn} names={names} />)}
        <div ref={end} />
      </div>
      <form class="say" onSubmit={(event) => { event.preventDefault(); send(); }}>
        <textarea ref={field} rows={2} aria-label="Question" placeholder="Ask about the budget" value={text.value}
          onInput={(event) => { text.value = event.currentTarget.value; }} onKeyDown={press} />
        {busy ? <button type="button" class="button" onClick={stop}>Stop</button>
          : <button class="button primary" disabled={!text.value.trim()}>Ask</button>}
      </form>
    </section>
  </>;
}
