// A policy as a form has it, and back.
import {decimal, nano, plain, typed} from '../lib/money';
import type {Action, Match, Policy} from '../lib/types';
import {listOf} from '../pieces/form';

export const matchFields = ['component', 'model', 'provider', 'task_type', 'user', 'tier', 'key'] as const;
export const perFields = ['component', 'user', 'key', 'provider', 'model', 'task_type', 'context'] as const;

export interface Draft {
  budget_id: string; name: string; type: string; period: string; hours: string;
  cost_limit: string; token_limit: string; request_limit: string; concurrent_limit: string;
  match: Record<typeof matchFields[number], string>; per: string[];
  clamp: boolean; downgrade: string; queue: string;
  warning: string; shadow: boolean; enabled: boolean;
}

const whole = (value: number | null) => value === null ? '' : String(value);

export function draftOf(policy: Policy | undefined, budget: string): Draft {
  const actions = policy?.when_exceeded ?? [];
  const downgrade = actions.find((each): each is {downgrade: string[]} => typeof each === 'object' && 'downgrade' in each);
  const queue = actions.find((each): each is {queue_ms: number} => typeof each === 'object' && 'queue_ms' in each);
  return {
    budget_id: policy?.budget_id ?? budget, name: policy?.name ?? '', type: policy?.type ?? 'hard_limit',
    period: policy?.period ?? 'daily', hours: policy?.rolling_seconds ? String(policy.rolling_seconds / 3600) : '5',
    cost_limit: policy?.cost_limit ? plain(nano(policy.cost_limit)).replace(/[$,]/g, '') : '',
    token_limit: whole(policy?.token_limit ?? null), request_limit: whole(policy?.request_limit ?? null),
    concurrent_limit: whole(policy?.concurrent_limit ?? null),
    match: Object.fromEntries(matchFields.map((field) => [field, (policy?.match[field] ?? []).join(', ')])) as Draft['match'],
    per: policy?.per ?? [], clamp: actions.includes('clamp'),
    downgrade: downgrade?.downgrade.join(', ') ?? '', queue: queue ? String(queue.queue_ms / 1000) : '',
    warning: String(Math.round((policy?.warning_threshold ?? 0.8) * 1000) / 10),
    shadow: policy?.shadow ?? false, enabled: policy?.enabled ?? true,
  };
}

const isWhole = (text: string) => text === '' || /^\d{1,15}$/.test(text.replace(/,/g, ''));
const numberOf = (text: string) => text === '' ? null : Number(text.replace(/,/g, ''));

// What the form can see is wrong before the server does.
export function checkDraft(draft: Draft, isNew: boolean): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (isNew && !draft.name.trim()) wrong['name'] = 'is required';
  if (isNew && !draft.budget_id) wrong['budget_id'] = 'Choose one.';
  if (draft.cost_limit && typed(draft.cost_limit) === null) wrong['cost_limit'] = 'An amount such as 20.00, at most nine places.';
  for (const field of ['token_limit', 'request_limit', 'concurrent_limit'] as const) {
    if (!isWhole(draft[field])) wrong[field] = 'A whole number.';
  }
  const limits = [draft.cost_limit, draft.token_limit, draft.request_limit, draft.concurrent_limit];
  if (limits.every((each) => each === '')) wrong['cost_limit'] ??= 'At least one limit is needed.';
  if (draft.period === 'rolling' && !(Number(draft.hours) > 0)) wrong['period'] = 'Hours, more than none.';
  const warning = Number(draft.warning);
  if (!(warning > 0 && warning <= 100)) wrong['warning_threshold'] = 'Between 0 and 100.';
  if (draft.queue && !(Number(draft.queue) > 0)) wrong['when_exceeded'] = 'Seconds, more than none.';
  return wrong;
}

// What the form does not show stays as it was in `policy`.
export function bodyOf(draft: Draft, policy: Policy | undefined): Record<string, unknown> {
  const match: Match = {...policy?.match};
  for (const field of matchFields) {
    const values = listOf(draft.match[field]);
    if (values.length > 0) match[field] = values; else delete match[field];
  }
  const actions: unknown[] = [];
  if (draft.clamp) actions.push('clamp');
  if (listOf(draft.downgrade).length > 0) actions.push({downgrade: listOf(draft.downgrade)});
  if (draft.queue) actions.push({queue: `${Math.round(Number(draft.queue) * 1000)}ms`});
  const cost = draft.cost_limit ? typed(draft.cost_limit) : null;
  const kept = Object.fromEntries(['input_token_limit', 'output_token_limit', 'action_threshold', 'clamp_min_tokens', 'reserve',
    'stream_overrun', 'on_client_abort', 'on_store_failure', 'deny_status', 'priority_bypass'].flatMap((field) => {
    const value = policy?.[field as keyof Policy];
    return value === undefined || value === null ? [] : [[field, value]];
  }));
  const body: Record<string, unknown> = {
    ...kept, name: draft.name.trim(), type: draft.type,
    period: draft.period === 'rolling' ? {rolling: `${Math.round(Number(draft.hours) * 3600)}s`} : draft.period,
    match, per: draft.per, when_exceeded: actions, warning_threshold: Number(draft.warning) / 100,
    shadow: draft.shadow, enabled: draft.enabled,
  };
  if (policy && policy.period === draft.period && policy.reset_day !== null) body['reset_day'] = policy.reset_day;
  if (cost !== null) body['cost_limit'] = decimal(cost);
  for (const field of ['token_limit', 'request_limit', 'concurrent_limit'] as const) {
    const value = numberOf(draft[field]);
    if (value !== null) body[field] = value;
  }
  return body;
}

// For the sentence above the form.
export function shapeOf(draft: Draft, policy: Policy | undefined) {
  const body = bodyOf(draft, policy);
  const get = (field: string) => (body[field] as number | undefined) ?? null;
  return {
    match: body['match'] as Match, per: draft.per, period: draft.period, rolling_seconds: Number(draft.hours) * 3600,
    cost_limit: (body['cost_limit'] as string | undefined) ?? null, token_limit: get('token_limit'),
    input_token_limit: policy?.input_token_limit ?? null, output_token_limit: policy?.output_token_limit ?? null,
    request_limit: get('request_limit'), concurrent_limit: get('concurrent_limit'),
  };
}

export type {Action};
