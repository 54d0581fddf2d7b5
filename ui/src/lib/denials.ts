// What was refused in the last hour, as far as this page has been told.
import {signal} from '@preact/signals';
import {onEvent} from './live';
import {now} from './now';

export interface Denial { component: string; model: string; reason: string; calls: number; at: number }

const hour = 3_600_000;
const kept = 2000;
const list = signal<Denial[]>([]);
export const watchedSince = Date.now();

export function watchDenials(): void {
  onEvent(({type, data}) => {
    if (type !== 'usage_record' || data['decision'] !== 'deny') return;
    const at = Date.now();
    const denial: Denial = {
      component: String(data['component'] ?? ''), model: String(data['model'] ?? ''),
      reason: String(data['message'] ?? data['error'] ?? ''), calls: Number(data['calls'] ?? 1), at};
    list.value = [...list.value.filter((each) => each.at > at - hour), denial].slice(-kept);
  });
}

// The limit that a refusal names: "Budget 'b', policy 'p': …".
export function shortReason(reason: string): string {
  const named = /policy '([^']+)'/.exec(reason);
  return named ? named[1]! : reason.split(/[.:] /)[0]!;
}

// By component and reason, the most refused first.
export function denials(): Denial[] {
  const groups = new Map<string, Denial>();
  for (const each of list.value) {
    if (each.at < now.value - hour) continue;
    const key = `${each.component}\n${shortReason(each.reason)}`;
    const known = groups.get(key);
    groups.set(key, known ? {...each, calls: known.calls + each.calls} : each);
  }
  return [...groups.values()].sort((a, b) => b.calls - a.calls);
}
