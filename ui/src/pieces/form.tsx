// Forms: a field with its name, its hint and what is wrong with it.
import type {ComponentChildren} from 'preact';
import {useId} from 'preact/hooks';
import {useSignal, type Signal} from '@preact/signals';
import {ApiError} from '../lib/api';
import {sentenceOf} from './basics';

interface Wrap { label: string; hint?: string | undefined; wrong?: string | undefined; children: (attributes: Record<string, unknown>) => ComponentChildren }

export function Field({label, hint, wrong, children}: Wrap) {
  const id = useId();
  const note = hint || wrong ? `${id}-note` : undefined;
  return <div class="field">
    <label for={id}>{label}</label>
    {children({id, 'aria-invalid': wrong ? 'true' : undefined, 'aria-describedby': note})}
    {note && <span id={note} class={wrong ? 'wrong' : 'hint'}>{wrong ?? hint}</span>}
  </div>;
}

interface InputProps {
  label: string; value: string; set: (value: string) => void; hint?: string | undefined; wrong?: string | undefined;
  placeholder?: string; inputMode?: 'decimal' | 'numeric';
}
export function Text({label, value, set, hint, wrong, ...rest}: InputProps) {
  return <Field label={label} hint={hint} wrong={wrong}>{(attributes) =>
    <input type="text" {...rest} {...attributes} value={value} onInput={(event) => set(event.currentTarget.value)} />}</Field>;
}

interface SelectProps { label: string; value: string; set: (value: string) => void; options: readonly (readonly [string, string])[]; hint?: string; wrong?: string | undefined; disabled?: boolean }
export function Select({label, value, set, options, hint, wrong, disabled}: SelectProps) {
  return <Field label={label} hint={hint} wrong={wrong}>{(attributes) =>
    <select {...attributes} value={value} disabled={disabled} onChange={(event) => set(event.currentTarget.value)}>
      {options.map(([key, name]) => <option key={key} value={key}>{name}</option>)}</select>}</Field>;
}

export function Check({label, value, set}: {label: string; value: boolean; set: (value: boolean) => void}) {
  return <label class="check"><input type="checkbox" checked={value} onChange={(event) => set(event.currentTarget.checked)} />{label}</label>;
}

// "a, b" → ["a", "b"]
export function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter(Boolean);
}

export interface Sending {
  busy: boolean;
  problems: Record<string, string>;  // by field; '' is for the whole
  send: (work: () => Promise<void>, check?: Record<string, string>) => Promise<void>;
}

// Runs what a form does, and keeps what was wrong.
export function useSending(): Sending {
  const busy = useSignal(false);
  const problems: Signal<Record<string, string>> = useSignal({});
  return {
    get busy() { return busy.value; },
    get problems() { return problems.value; },
    async send(work, check = {}) {
      problems.value = check;
      if (Object.keys(check).length > 0) return;
      busy.value = true;
      try {
        await work();
      } catch (error) {
        const fields = error instanceof ApiError ? error.problems : {};
        problems.value = Object.keys(fields).length > 0 ? fields : {'': sentenceOf(error as Error)};
      } finally {
        busy.value = false;
      }
    },
  };
}

// What is wrong with fields that the form does not show, or with the whole.
export function Rest({problems, shown}: {problems: Record<string, string>; shown: string[]}) {
  const rest = Object.entries(problems).filter(([field]) => !shown.includes(field));
  if (rest.length === 0) return null;
  return <div class="wrong-box" role="alert">{rest.map(([field, text]) =>
    <div key={field}>{field ? `${field}: ` : ''}{text}</div>)}</div>;
}
