// What the user just did, said once.
import {signal} from '@preact/signals';
import {sentenceOf} from './basics';

interface Toast { id: number; text: string; bad: boolean }
const toasts = signal<Toast[]>([]);
let next = 1;

function add(text: string, bad: boolean): void {
  const id = next++;
  toasts.value = [...toasts.value.slice(-2), {id, text, bad}];
  setTimeout(() => drop(id), bad ? 9000 : 4000);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

export const say = (text: string) => add(text, false);
export const sayProblem = (error: unknown) =>
  add(error instanceof Error ? sentenceOf(error) : String(error), true);

export function Toasts() {
  return <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map(({id, text, bad}) => <div key={id} class={`toast ${bad ? 'bad' : ''}`}>
      <span>{text}</span><button type="button" aria-label="Close" onClick={() => drop(id)}>×</button>
    </div>)}
  </div>;
}
