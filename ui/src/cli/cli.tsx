// A terminal in the page.
import {signal, useSignal} from '@preact/signals';
import {useEffect, useRef} from 'preact/hooks';
import {go, route} from '../lib/route';
import {sentenceOf} from '../pieces/basics';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';
import {commands} from './names';
import {Shown, type Output} from './output';
import {greeting, run} from './run';

interface Entry { id: number; line: string; outputs: Output[] | null }

// Kept while the page is open, whatever tab is looked at.
const entries = signal<Entry[]>([]);
const history: string[] = JSON.parse(sessionStorage.getItem('budget.history') ?? '[]') as string[];
let next = 1;

async function execute(line: string): Promise<void> {
  history.push(line);
  sessionStorage.setItem('budget.history', JSON.stringify(history.slice(-100)));
  if (line.trim().replace(/^\/?/, '/') === '/clear') { entries.value = []; return; }
  const id = next++;
  entries.value = [...entries.value.slice(-60), {id, line, outputs: null}];
  let outputs: Output[];
  try {
    outputs = await run(line);
  } catch (error) {
    outputs = [{kind: 'error', text: sentenceOf(error as Error)}];
  }
  entries.value = entries.value.map((each) => (each.id === id ? {...each, outputs} : each));
}

function Prompt() {
  const text = useSignal('');
  const at = useSignal(history.length);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => { field.current?.focus({preventScroll: true}); }, []);
  const fits = text.value.startsWith('/') && !text.value.includes(' ')
    ? commands.filter(({name}) => name.startsWith(text.value) && name !== text.value) : [];
  const submit = (event: Event) => {
    event.preventDefault();
    const line = text.value.trim();
    if (!line) return;
    text.value = '';
    void execute(line);
    at.value = history.length;
  };
  const recall = (step: number) => {
    at.value = Math.max(0, Math.min(history.length, at.value + step));
    text.value = history[at.value] ?? '';
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowUp') recall(-1);
    else if (event.key === 'ArrowDown') recall(1);
    else if (event.key === 'Tab' && !event.shiftKey && fits.length > 0) text.value = `${fits[0]!.name} `;
    else if (event.key === 'l' && event.ctrlKey) entries.value = [];
    else return;
    event.preventDefault();
  };
  return <form class="prompt" onSubmit={submit}>
    <span aria-hidden="true">›</span>
    <input ref={field} aria-label="Command" autocomplete="off" autocapitalize="off" spellcheck={false} placeholder="/help"
           value={text.value} onInput={(event) => { text.value = event.currentTarget.value; at.value = history.length; }} onKeyDown={press} />
    <div class="fits" aria-live="polite">{fits.map(({name, takes, does}, i) =>
      <button type="button" key={name} onClick={() => { text.value = `${name} `; field.current?.focus(); }}>
        <b>{name}</b> <span>{takes}</span> <span class="dim">{does}{i === 0 ? ' · Tab' : ''}</span></button>)}</div>
  </form>;
}

export function Cli({openPalette}: ViewProps) {
  const end = useRef<HTMLDivElement>(null);
  const hello = useSignal('');
  const asked = route.value.query['run'];
  useEffect(() => { greeting().then((said) => { hello.value = said; }, () => undefined); }, []);
  useEffect(() => {
    if (!asked) return;
    go('#/cli', true);
    void execute(asked);
  }, [asked]);
  const last = entries.value[entries.value.length - 1];
  useEffect(() => { end.current?.scrollIntoView({block: 'end'}); }, [last?.id, last?.outputs]);
  return <>
    <Top title="Command line" openPalette={openPalette} />
    <section class="card cli" aria-label="Command line">
      <div class="answers" role="log" aria-label="Answers" tabIndex={0}>
        {hello.value && <p class="cli-text dim">{hello.value}</p>}
        {entries.value.map(({id, line, outputs}) => <div key={id} class="answer"><p class="asked">› {line}</p>
          {outputs === null ? <p class="cli-text dim">…</p> : outputs.map((each, i) => <Shown key={i} of={each} />)}</div>)}
        <div ref={end} />
      </div>
      <Prompt />
    </section>
  </>;
}
