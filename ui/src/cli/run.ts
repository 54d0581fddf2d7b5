// What each slash command does.
import {api} from '../lib/api';
import {changed} from '../lib/live';
import {nano, sum} from '../lib/money';
import {count, percent} from '../lib/numbers';
import {link} from '../lib/route';
import {isOpen, readAlerts, readLines} from '../lib/shared';
import {ago, moment, upcoming} from '../lib/time';
import type {Page, Policy, Summary, UsageRecord} from '../lib/types';
import {partitionWord, limitsWord, typeWords} from '../lib/words';
import {sentenceFor} from '../budgets/sentence';
import {wordOf} from '../pieces/alert';
import {rate, type Price} from '../prices/types';
import {fields} from '../usage/filters';
import {outputsOf} from './ask';
import {commands} from './names';
import type {Cell, Output} from './output';

type Command = (words: string[]) => Promise<Output[]>;

const text = (said: string): Output[] => [{kind: 'text', text: said}];
const day = 86_400_000;
const spans: Record<string, number> = {hour: 3_600_000, today: day, day, week: 7 * day, month: 30 * day};

async function budget([name]: string[]): Promise<Output[]> {
  const all = (await readLines()).filter(({budget: each}) => !name || each.name === name);
  if (all.length === 0) return text(name ? `There is no budget ${name}.` : 'There is no budget.');
  const rows = all.flatMap(({budget: each, lines}) => lines.map((line): Cell[] => [
    {link: link('budgets', {policy: line.policy_id}), text: `${each.name}/${line.policy}`}, partitionWord(line.partition), {money: nano(line.spent)},
    limitsWord(line.limits) || '–', line.percentage === null ? '–' : percent(Math.round(line.percentage * 100)),
    line.resets_at ? upcoming(line.resets_at, Date.now()) : '–']));
  return [{kind: 'table', head: ['Policy', 'For', 'Spent', 'Limit', 'Used', 'Resets'], rows, right: [2, 3, 4]}];
}

async function limits([name]: string[]): Promise<Output[]> {
  const policies = (await api.all<Policy>('/api/policies')).filter((each) => !name || each.budget_id === name);
  if (policies.length === 0) return text('There is no policy.');
  return [{kind: 'table', head: ['Policy', 'Type', 'Says'], rows: policies.map((each): Cell[] =>
    [{link: link('budgets', {policy: each.id}), text: each.id}, typeWords[each.type] ?? each.type, sentenceFor(each)])}];
}

async function usageBy(by: string, since: number, filter: Record<string, string> = {}): Promise<Output[]> {
  const summary = await api.post<Summary>('/api/usage/summary', {...filter, start_time: new Date(Date.now() - since).toISOString(), group_by: [by]});
  if (summary.groups.length === 0) return text('No call.');
  const rows = summary.groups.slice(0, 25).map((each): Cell[] => [each.group[by] || 'none', count(each.requests), count(each.input_tokens),
    count(each.output_tokens), {money: nano(each.total_cost)}]);
  rows.push(['in all', count(summary.total.requests), count(summary.total.input_tokens), count(summary.total.output_tokens), {money: nano(summary.total.total_cost)}]);
  return [{kind: 'bars', bars: summary.groups.slice(0, 10).map((each) => ({name: each.group[by] || 'none', value: nano(each.total_cost)}))},
    {kind: 'table', head: [by, 'Calls', 'In', 'Out', 'Cost'], rows, right: [1, 2, 3, 4]}];
}

function usage(words: string[]): Promise<Output[]> {
  const since = spans[words.find((word) => spans[word] !== undefined) ?? 'week']!;
  const at = words.indexOf('by');
  return usageBy(at >= 0 ? words[at + 1] ?? 'component' : 'component', since);
}

async function query(words: string[]): Promise<Output[]> {
  const filter: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf('=');
    const name = word.slice(0, at);
    if (at < 1 || ![...fields.map(([key]) => key as string), 'start_time', 'end_time'].includes(name)) {
      return [{kind: 'error', text: `${word} is no filter; there are ${fields.map(([key]) => `${key}=…`).join(' ')}`}];
    }
    filter[name] = word.slice(at + 1);
  }
  const page = await api.get<Page<UsageRecord>>('/api/usage/records', {...filter, limit: 20});
  if (page.items.length === 0) return text('No call fits.');
  const rows = page.items.map((each): Cell[] => [{link: link('usage', {record: each.request_id}), text: moment(each.timestamp)}, each.component,
    `${each.provider}/${each.model}`, count(each.input_tokens), count(each.output_tokens), {call: nano(each.total_cost)}, each.decision]);
  return [{kind: 'table', head: ['Time', 'Component', 'Model', 'In', 'Out', 'Cost', 'Decision'], rows, right: [3, 4, 5]},
    ...text(`The latest ${page.items.length} of ${count(page.total)}.`)];
}

async function prices([model]: string[]): Promise<Output[]> {
  if (!model) return [{kind: 'error', text: '/prices MODEL: a part of its name is enough.'}];
  const [provider = '', rest] = model.split('/');
  const page = await api.get<Page<Price>>('/api/prices', {...(rest === undefined ? {model} : {provider, model: rest}), limit: 25});
  if (page.items.length === 0) return text(`No model has ${model} in its name.`);
  const rows = page.items.map((each): Cell[] => {
    const rates = each.rates.usd_per_million_tokens;
    return [`${each.provider}/${each.model}`, rate(rates['input']), rate(rates['output']), rate(rates['cache_read']), each.source];
  });
  return [{kind: 'table', head: ['Model', 'Input', 'Output', 'Cache read', 'Source'], rows, right: [1, 2, 3]},
    ...text(`US dollars per million tokens; ${count(page.items.length)} of ${count(page.total)}.`)];
}

async function alerts(): Promise<Output[]> {
  const open = (await readAlerts()).filter(isOpen);
  if (open.length === 0) return text('Nothing needs you.');
  return [{kind: 'table', head: ['What', 'Since', 'Says'], rows: open.map((each): Cell[] => [wordOf(each.type), ago(each.timestamp, Date.now()), each.message])}];
}

// "week model=gpt-4o" as the body of an analysis.
function filterOf(words: string[]): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf('=');
    if (at > 0) filter[word.slice(0, at)] = word.slice(at + 1);
    else if (spans[word] !== undefined) filter['start_time'] = new Date(Date.now() - spans[word]).toISOString();
  }
  return filter;
}

interface Saving { kind: string; provider: string; model: string; cost: string; saving: string; to_provider?: string; to_model?: string; reason: string }

function savings({recommendations, total_saving}: {recommendations: Saving[]; total_saving: string}): Output[] {
  if (recommendations.length === 0) return text('Nothing was found that does the same for less.');
  return [{kind: 'table', head: ['For', 'Instead', 'Cost', 'Would save', 'Why'], right: [2, 3], rows: recommendations.map((each): Cell[] => [
    {link: link('usage', {model: each.model}), text: `${each.provider}/${each.model}`},
    each.to_model ? `${each.to_provider}/${each.to_model}` : 'its cache', {money: nano(each.cost)}, {money: nano(each.saving)}, each.reason])},
    ...text(`In all ${sum(nano(total_saving))} of the time looked at.`)];
}

const recommend = async ([model, ...rest]: string[]): Promise<Output[]> => {
  const at = model?.indexOf('/') ?? -1;
  const body: Record<string, string> = {...filterOf(rest)};
  if (model) body['model'] = at >= 0 ? model.slice(at + 1) : model;
  if (model && at >= 0) body['provider'] = model.slice(0, at);
  return savings(await api.post('/api/prices/recommendations', body));
};

async function optimize(words: string[]): Promise<Output[]> {
  const found = await api.post<Parameters<typeof savings>[0] & {budgets_at_risk?: unknown[]}>('/api/assistant/optimize', filterOf(words));
  return [...savings(found), ...(found.budgets_at_risk && found.budgets_at_risk.length > 0
    ? [...text('Limits at risk:'), ...outputsOf(found.budgets_at_risk)] : [])];
}

interface Analysis {
  total: {requests: number; total_cost: string}; change_percent: number | null; top: Record<string, (Record<string, unknown> & {total_cost: string})[]>;
  forecast: {basis: string; next_7_days?: string; month_to_end?: string};
}

async function analyze(words: string[]): Promise<Output[]> {
  const found = await api.post<Analysis>('/api/assistant/analyze', filterOf(words));
  const change = found.change_percent === null ? '' : `, ${found.change_percent >= 0 ? 'up' : 'down'} ${Math.abs(found.change_percent)} % on the time before`;
  const outputs = text(`${sum(nano(found.total.total_cost))} for ${count(found.total.requests)} calls${change}.`);
  for (const [field, items] of Object.entries(found.top)) {
    if (items.length === 0) continue;
    outputs.push(...text(`By ${field.replace('_', ' ')}:`), {kind: 'bars', bars: items.map((each) => ({
      name: String(each[field] ?? each['name'] ?? Object.values((each['group'] as object | undefined) ?? {})[0] ?? '') || 'none', value: nano(each.total_cost)}))});
  }
  if (found.forecast.month_to_end) outputs.push(...text(`At this pace the month comes to ${sum(nano(found.forecast.month_to_end))}.`));
  return outputs;
}

const table: Record<string, Command> = {
  '/help': async () => [{kind: 'table', head: ['Command', 'Does'], rows: commands.map(({name, takes, does}): Cell[] => [`${name} ${takes}`.trim(), does])}],
  '/budget': budget,
  '/limits': limits,
  '/usage': usage,
  '/query': query,
  '/models': ([provider]) => usageBy('model', 30 * day, provider ? {provider} : {}),
  '/prices': prices,
  '/recommend': recommend,
  '/analyze': analyze,
  '/optimize': optimize,
  '/alerts': alerts,
  '/refresh': async () => { changed('updates', 'alerts', 'allocations', 'prices'); return text('Everything is read again.'); },
};

export const runnable = (name: string) => name in table || name === '/clear';

// A short total for the prompt's first line.
export async function greeting(): Promise<string> {
  const summary = await api.post<Summary>('/api/usage/summary', {start_time: new Date(Date.now() - day).toISOString()});
  return `${sum(nano(summary.total.total_cost))} in the last 24 hours, ${count(summary.total.requests)} calls. /help says what there is.`;
}

export async function run(line: string): Promise<Output[]> {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const command = table[name.startsWith('/') ? name : `/${name}`];
  if (!command) return [{kind: 'error', text: `There is no ${name}; /help says what there is.`}];
  return command(words);
}

