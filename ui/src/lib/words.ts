// The words for what the API names.
import {nano, plain} from './money';
import {count} from './numbers';
import type {Line, Limits} from './types';

const units: [keyof Limits, (value: never) => string][] = [
  ['cost', (value: string) => plain(nano(value))],
  ['tokens', (value: number) => `${count(value)} tokens`],
  ['input_tokens', (value: number) => `${count(value)} input tokens`],
  ['output_tokens', (value: number) => `${count(value)} output tokens`],
  ['requests', (value: number) => `${count(value)} calls`],
  ['concurrent', (value: number) => `${count(value)} at once`],
];

export const periodWords: Record<string, string> = {
  minute: 'a minute', hourly: 'an hour', daily: 'a day', weekly: 'a week', monthly: 'a month',
  yearly: 'a year', total: 'in all', per_session: 'a session', per_task: 'a task', rolling: 'in a rolling window',
};

export const typeWords: Record<string, string> = {
  ignore: 'counted only', warn: 'warns', soft_limit: 'soft limit', hard_limit: 'hard limit',
};

export function limitsWord(limits: Limits): string {
  return units.filter(([name]) => limits[name] !== undefined && limits[name] !== null)
    .map(([name, say]) => say(limits[name] as never)).join(', ');
}

// "$20.00 a day"
export function limitWord(line: Pick<Line, 'limits' | 'period'>): string {
  return `${limitsWord(line.limits) || 'no limit'} ${periodWords[line.period] ?? line.period}`;
}

// "component=codex" → "codex"
export function partitionWord(partition: string): string {
  return partition.split(';').map((part) => part.slice(part.indexOf('=') + 1) || 'none').join(' · ');
}
