// The small pieces that every view is made of.
import type {ComponentChildren} from 'preact';
import {ApiError, Unreachable} from '../lib/api';
import {full, upcoming, ago} from '../lib/time';
import {now} from '../lib/now';

export type Tone = 'ok' | 'warn' | 'bad' | 'accent' | '';

export function Badge({tone = '', children}: {tone?: Tone; children: ComponentChildren}) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const decisions: Record<string, [string, Tone]> = {
  allow: ['allowed', 'ok'], warn: ['warned', 'warn'], clamp: ['clamped', 'warn'],
  downgrade: ['downgraded', 'warn'], queue: ['queued', 'warn'], deny: ['denied', 'bad'],
  shadow: ['shadow', ''],
};

export function Decision({of}: {of: string}) {
  const [word, tone] = decisions[of] ?? [of, '' as Tone];
  return <Badge tone={tone}>{word}</Badge>;
}

interface CardProps {
  title: ComponentChildren; note?: ComponentChildren; children: ComponentChildren; label?: string;
}

export function Card({title, note, children, label}: CardProps) {
  return <article class="card" {...(label ? {'aria-label': label} : {})}>
    <header><h2>{title}</h2>{note}</header>
    {children}
  </article>;
}

// One of a few: what is chosen is pressed.
interface ChoiceProps<T extends string> {
  label: string; options: readonly (readonly [T, string])[]; value: T; choose: (value: T) => void;
}
export function Choice<T extends string>({label, options, value, choose}: ChoiceProps<T>) {
  return <div class="tabs" role="group" aria-label={label}>
    {options.map(([key, name]) =>
      <button type="button" key={key} aria-pressed={key === value} onClick={() => choose(key)}>{name}</button>)}
  </div>;
}

export function Empty({children}: {children: ComponentChildren}) {
  return <div class="empty">{children}</div>;
}

export function sentenceOf(error: Error): string {
  if (error instanceof Unreachable) return 'Budget cannot be reached. It is asked again by itself.';
  if (error instanceof ApiError && error.status === 403) return `${error.message} You are logged in with less.`;
  return error.message;
}

export function Problem({error, retry}: {error: Error; retry?: () => void}) {
  return <div class="problem" role="alert">
    <b>This could not be read.</b><span class="wrap">{sentenceOf(error)}</span>
    {retry && <button type="button" class="button" onClick={retry}>Try again</button>}
  </div>;
}

export function Skeleton({lines = 3}: {lines?: number}) {
  return <div class="rows" aria-busy="true" aria-label="Loading">
    {Array.from({length: lines}, (_, i) => <span key={i} class="skeleton">&nbsp;</span>)}
  </div>;
}

interface LoadedProps<T> {
  of: {data: T | undefined; error: Error | undefined; loading: boolean; refresh: () => void};
  lines?: number; children: (data: T) => ComponentChildren;
}
// A resource in its three states. Old figures stay when a later reading fails.
export function Loaded<T>({of, lines, children}: LoadedProps<T>) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Problem error={of.error} retry={of.refresh} />;
  return <Skeleton lines={lines ?? 3} />;
}

export function Ago({at}: {at: string}) {
  return <time dateTime={at} title={full(at)}>{ago(at, now.value)}</time>;
}

// When something resets, in the viewer's zone; the budget's own on hover.
export function Until({at, zone}: {at: string; zone?: string | undefined}) {
  const title = zone ? `${full(at)} · ${full(at, zone)}` : full(at);
  return <time dateTime={at} title={title}>{upcoming(at, now.value)}</time>;
}
