// For a day, a week and a month: the limit that says the most about it.
import {nano} from '../lib/money';
import type {BudgetLines} from '../lib/shared';
import {monthName} from '../lib/time';
import type {Budget, Line, Policy} from '../lib/types';

export type PeriodKey = 'daily' | 'weekly' | 'monthly';

export interface Period {
  key: PeriodKey;
  title: string;
  start: Date;                      // of what is shown
  end: Date;
  limited: {budget: Budget; line: Line; policy: Policy | undefined} | null;
}

const isEverything = (policy: Policy | undefined) => !policy || Object.keys(policy.match).length === 0;

// In UTC, as the API sums by days and weeks.
function unlimited(key: PeriodKey, now: Date): {start: Date; end: Date} {
  const day = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  if (key === 'daily') return {start: new Date(day), end: new Date(day + 86_400_000)};
  if (key === 'weekly') {
    const monday = day - ((now.getUTCDay() + 6) % 7) * 86_400_000;
    return {start: new Date(monday), end: new Date(monday + 7 * 86_400_000)};
  }
  return {start: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)),
          end: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1))};
}

// That of one counter for all calls before one for some; then the fullest.
function better(a: {line: Line; policy: Policy | undefined}, b: {line: Line; policy: Policy | undefined}): boolean {
  const wide = Number(isEverything(a.policy)) - Number(isEverything(b.policy));
  if (wide !== 0) return wide > 0;
  return nano(a.line.spent) * nano(b.line.limit!) > nano(b.line.spent) * nano(a.line.limit!);
}

export function periodsOf(all: BudgetLines[], policies: Policy[], now = new Date()): Period[] {
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  return (['daily', 'weekly', 'monthly'] as const).map((key) => {
    let best: {budget: Budget; line: Line; policy: Policy | undefined} | null = null;
    for (const {budget, lines} of all) {
      for (const line of lines) {
        if (line.period !== key || line.partition !== '' || line.limit === null || line.type === 'ignore') continue;
        const policy = byId.get(line.policy_id);
        if (policy && !policy.enabled) continue;
        const candidate = {budget, line, policy};
        if (!best || better(candidate, best)) best = candidate;
      }
    }
    const dates = best?.line.window_start && best.line.resets_at
      ? {start: new Date(best.line.window_start), end: new Date(best.line.resets_at)} : unlimited(key, now);
    const middle = new Date((dates.start.getTime() + dates.end.getTime()) / 2);
    const title = key === 'daily' ? 'Today' : key === 'weekly' ? 'This week' : monthName(middle);
    return {key, title, ...dates, limited: best};
  });
}
