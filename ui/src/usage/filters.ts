// What the list of calls is narrowed to; it lives in the address.
import {route, go, link} from '../lib/route';

export const fields = [
  ['provider', 'Provider'], ['model', 'Model'], ['component', 'Component'], ['task_type', 'Task type'],
  ['user', 'User'], ['context_id', 'Context'], ['key', 'Key'], ['tag', 'Tag'], ['policy_id', 'Policy'],
  ['budget_id', 'Budget'], ['request_id', 'Request'],
] as const;
export type Field = typeof fields[number][0];

export const nameOf = (field: Field) => fields.find(([key]) => key === field)![1];

// Fields whose values can be offered.
export const offered: Partial<Record<Field, string>> = {
  provider: 'provider', model: 'model', component: 'component', task_type: 'task_type', user: 'user',
  context_id: 'context_id', key: 'key', tag: 'tag'};

export const ranges = [['1h', '1 h'], ['24h', '24 h'], ['7d', '7 d'], ['30d', '30 d'], ['all', 'All']] as const;
export type Range = typeof ranges[number][0] | 'own';
const lengths: Record<string, number> = {'1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000};

export interface Filters { range: Range; from?: string; to?: string; values: [Field, string][] }

export function filtersOf(query: Record<string, string>): Filters {
  const own = query['from'] !== undefined || query['to'] !== undefined;
  const known = ranges.some(([key]) => key === query['range']);
  const filters: Filters = {
    range: own ? 'own' : known ? query['range'] as Range : '7d',
    values: fields.flatMap(([key]) => (query[key] ? [[key, query[key]] as [Field, string]] : [])),
  };
  if (query['from']) filters.from = query['from'];
  if (query['to']) filters.to = query['to'];
  return filters;
}

// For the API. The end is pinned, so that calls that begin meanwhile shift
// nothing; `pinned` is in milliseconds.
export function queryOf(filters: Filters, pinned: number): Record<string, string> {
  const query: Record<string, string> = Object.fromEntries(filters.values);
  const length = lengths[filters.range];
  if (filters.range === 'own') {
    if (filters.from) query['start_time'] = filters.from;
    query['end_time'] = filters.to ?? new Date(pinned).toISOString();
  } else {
    if (length !== undefined) query['start_time'] = new Date(pinned - length).toISOString();
    query['end_time'] = new Date(pinned).toISOString();
  }
  return query;
}

export function change(changes: Record<string, string | null>): void {
  const query = {...route.peek().query};
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete query[name]; else query[name] = value;
  }
  go(link('usage', query), true);
}
