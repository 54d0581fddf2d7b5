// A policy in one sentence.
import {nano, plain} from '../lib/money';
import {count, plural} from '../lib/numbers';
import {periodWords} from '../lib/words';
import type {Policy} from '../lib/types';

type Shape = Pick<Policy, 'match' | 'per' | 'period' | 'rolling_seconds' | 'cost_limit' | 'token_limit' |
  'input_token_limit' | 'output_token_limit' | 'request_limit' | 'concurrent_limit'>;

function joined(parts: string[], last = 'and'): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} ${last} ${parts[parts.length - 1]}`;
}

const names: Record<string, string> = {
  component: 'the component', model: 'the model', provider: 'the provider', task_type: 'the task type',
  user: 'the user', tier: 'the tier', key: 'the key', operation: 'the operation'};

export function sentenceFor(policy: Shape): string {
  const limits: string[] = [];
  if (policy.cost_limit) limits.push(plain(nano(policy.cost_limit)));
  if (policy.token_limit !== null) limits.push(`${count(policy.token_limit)} tokens`);
  if (policy.input_token_limit !== null) limits.push(`${count(policy.input_token_limit)} input tokens`);
  if (policy.output_token_limit !== null) limits.push(`${count(policy.output_token_limit)} output tokens`);
  if (policy.request_limit !== null) limits.push(`${count(policy.request_limit)} calls`);
  const period = policy.period === 'rolling'
    ? `in any ${plural(Math.round((policy.rolling_seconds ?? 0) / 3600 * 10) / 10, 'hour')}` : periodWords[policy.period] ?? policy.period;
  const parts = limits.length > 0 ? [`at most ${joined(limits)} ${period}`] : [];
  if (policy.concurrent_limit !== null) parts.push(`at most ${plural(policy.concurrent_limit, 'call')} at once`);
  const per = policy.per.length > 0 ? ` for each ${joined(policy.per.map((each) => each.replace('_', ' ').replace('tag.', 'tag ')))}` : '';
  const matches = Object.entries(policy.match).flatMap(([field, values]) =>
    field === 'tags' ? Object.entries(values as Record<string, string[]>).map(([tag, each]) => `the tag ${tag} ${joined(each, 'or')}`)
      : [`${names[field] ?? field} ${joined(values as string[], 'or')}`]);
  const where = matches.length > 0 ? `, where it is ${joined(matches)}` : ', whatever is called';
  const text = (joined(parts) || 'nothing is limited') + per + where;
  return text[0]!.toUpperCase() + text.slice(1) + '.';
}
