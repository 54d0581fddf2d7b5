// The team's own chat: shared, live, kept.
import {useSignal} from '@preact/signals';
import {useEffect, useLayoutEffect, useRef} from 'preact/hooks';
import {api, session} from '../lib/api';
import {connected, onEvent} from '../lib/live';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import {full, moment} from '../lib/time';
import type {Page} from '../lib/types';
import {Empty, Loaded} from '../pieces/basics';
import {sayProblem} from '../pieces/toast';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';

interface Message { id: number | string; author: string; role: string; text: string; timestamp: string }

const bytesMax = 4000;

function Messages({items}: {items: Message[]}) {
  const end = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const list = useRef<HTMLDivElement>(null);
  const last = items[items.length - 1]?.id;
  useLayoutEffect(() => { if (follow.current) end.current?.scrollIntoView({block: 'end'}); }, [last]);
  const look = () => {
    const element = list.current!;
    follow.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
  };
  return <div class="talk" ref={list} onScroll={look} tabIndex={0} role="log" aria-label="Messages" aria-live="polite">
    {items.map((each, i) => {
      const same = items[i - 1]?.author === each.author && Date.parse(each.timestamp) - Date.parse(items[i - 1]!.timestamp) < 300_000;
      return <div key={each.id} class={`said ${same ? 'more' : ''}`}>
        {!same && <div class="row-flex"><b>{each.author}</b><time class="dim" dateTime={each.timestamp} title={full(each.timestamp)}>{moment(each.timestamp)}</time></div>}
        <div class="text">{each.text}</div></div>;
    })}
    <div ref={end} />
  </div>;
}

export function Team({openPalette}: ViewProps) {
  const kept = useResource('team', async () =>
    (await api.get<Page<Message>>('/api/team/messages', {limit: 200})).items.slice().reverse());
  const fresh = useSignal<Message[]>([]);
  const text = useSignal('');
  useEffect(() => onEvent(({type, data}) => {
    if (type === 'gap') kept.refresh();
    if (type === 'team_message') fresh.value = [...fresh.value, data as unknown as Message];
  }), []);
  useEffect(() => { const timer = setInterval(() => { if (!connected.peek()) kept.refresh(); }, 4000); return () => clearInterval(timer); }, []);
  const send = async () => {
    const said = text.value.trim();
    if (!said) return;
    if (new TextEncoder().encode(said).length > bytesMax) { sayProblem(new Error('A message has at most 4,000 bytes.')); return; }
    text.value = '';
    try {
      const message = await api.post<Message>('/api/team/messages', {text: said});
      fresh.value = [...fresh.value, message];
    } catch (error) {
      text.value = said;
      sayProblem(error);
    }
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  };
  return <>
    <Top title="Team Chat" openPalette={openPalette} />
    <section class="card chat" aria-label="Team Chat">
      <Loaded of={kept} lines={5}>{(items) => {
        const known = new Map([...items, ...fresh.value].map((each) => [String(each.id), each]));
        const all = [...known.values()].sort((a, b) => Number(a.id) - Number(b.id) || Date.parse(a.timestamp) - Date.parse(b.timestamp));
        return all.length === 0 ? <div class="talk"><Empty>Nobody has said anything yet. What is written here is kept for all who can log in.</Empty></div> : <Messages items={all} />;
      }}</Loaded>
      {may('operator') ? <form class="say" onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <textarea rows={2} aria-label={`Message, as ${session.value?.name ?? ''}`} placeholder="Write to the team" value={text.value}
          onInput={(event) => { text.value = event.currentTarget.value; }} onKeyDown={press} />
        <button class="button primary" disabled={!text.value.trim()}>Send</button></form>
        : <p class="chart-note">You read along; writing needs the role operator.</p>}
    </section>
  </>;
}
