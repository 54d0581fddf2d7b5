// Ctrl K: go somewhere, find a call by its id, run a command.
import {useSignal} from '@preact/signals';
import {useRef} from 'preact/hooks';
import {go, link} from '../lib/route';
import {logOut} from '../lib/session';
import {theme} from '../lib/theme';
import {Dialog} from '../pieces/dialog';
import {commands} from '../cli/names';
import {views} from './views';

interface Entry { name: string; hint: string; run: () => void }

function entriesFor(text: string): Entry[] {
  const wanted = text.trim().toLowerCase();
  const all: Entry[] = [
    ...views.map(({key, name}) => ({name, hint: 'Go to', run: () => go(link(key))})),
    ...(['light', 'dark', 'system'] as const).map((each) => ({
      name: `Theme: ${each === 'system' ? 'as the system' : each}`, hint: 'Show', run: () => { theme.value = each; }})),
    ...commands.map(({name, does}) => ({name, hint: does, run: () => go(link('cli', {run: name}))})),
    {name: 'Log out', hint: '', run: () => void logOut()},
  ];
  const found = all.filter(({name, hint}) => `${name} ${hint}`.toLowerCase().includes(wanted));
  if (/^req_\w{6,}$/i.test(text.trim())) {
    found.unshift({name: text.trim(), hint: 'Open this call', run: () => go(link('usage', {record: text.trim()}))});
  } else if (wanted.startsWith('/')) {
    found.unshift({name: text.trim(), hint: 'Run', run: () => go(link('cli', {run: text.trim()}))});
  } else if (wanted && found.length === 0) {
    for (const field of ['component', 'model', 'user'] as const) {
      found.push({name: `${field} ${text.trim()}`, hint: 'Usage of', run: () => go(link('usage', {[field]: text.trim()}))});
    }
  }
  return found;
}

export function Palette({close}: {close: () => void}) {
  const text = useSignal('');
  const at = useSignal(0);
  const list = useRef<HTMLUListElement>(null);
  const entries = entriesFor(text.value);
  const chosen = Math.min(at.value, entries.length - 1);
  const run = (entry: Entry | undefined) => { if (entry) { close(); entry.run(); } };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') at.value = Math.min(chosen + 1, entries.length - 1);
    else if (event.key === 'ArrowUp') at.value = Math.max(chosen - 1, 0);
    else if (event.key === 'Enter') run(entries[chosen]);
    else return;
    event.preventDefault();
    queueMicrotask(() => list.current?.children[at.value]?.scrollIntoView({block: 'nearest'}));
  };
  return <Dialog kind="palette" label="Search or run" close={close}>
    <input autofocus type="text" role="combobox" aria-label="Search or run" aria-expanded="true" aria-controls="palette-list"
           aria-activedescendant={`palette-${chosen}`} aria-autocomplete="list" placeholder="Go to, find a call by its id, or run a /command"
           value={text.value} onInput={(event) => { text.value = event.currentTarget.value; at.value = 0; }} onKeyDown={press} />
    <ul ref={list} id="palette-list" role="listbox" aria-label="What there is">
      {entries.map((entry, i) => <li key={entry.name + entry.hint} id={`palette-${i}`} role="option" aria-selected={i === chosen}
        onClick={() => run(entry)} onMouseMove={() => { at.value = i; }}>{entry.name}<span>{entry.hint}</span></li>)}
    </ul>
  </Dialog>;
}
