// Where the money goes.
import {useSignal} from '@preact/signals';
import {api} from '../lib/api';
import {nano} from '../lib/money';
import {link} from '../lib/route';
import {useResource} from '../lib/resource';
import type {Summary} from '../lib/types';
import {Card, Choice, Empty, Loaded} from '../pieces/basics';
import {Money} from '../pieces/money';

const fields = [['component', 'Component'], ['model', 'Model'], ['provider', 'Provider'], ['task_type', 'Task type']] as const;
type Field = typeof fields[number][0];
const shown = 5;

interface Bar { name: string; cost: bigint; query: Record<string, string> | null }

function barsOf(summary: Summary, field: Field): Bar[] {
  const bars = summary.groups.map(({group, total_cost}): Bar => {
    const value = group[field] ?? '';
    return {name: value || 'none', cost: nano(total_cost), query: value ? {[field]: value} : null};
  }).sort((a, b) => (a.cost < b.cost ? 1 : a.cost > b.cost ? -1 : a.name < b.name ? -1 : 1));
  if (bars.length <= shown + 1) return bars;
  const rest = bars.slice(shown);
  return [...bars.slice(0, shown), {name: `${rest.length} more`, cost: rest.reduce((all, {cost}) => all + cost, 0n), query: null}];
}

export function Where() {
  const field = useSignal<Field>('component');
  const groups = useResource(`where ${field.value}`, async () => {
    const start = new Date(Date.now() - 7 * 86_400_000);
    return {field: field.value, summary: await api.post<Summary>('/api/usage/summary', {start_time: start.toISOString(), group_by: [field.value]})};
  }, ['updates'], 3000);
  return <Card title={<>Where it goes <span class="dim">7 days</span></>}
               note={<Choice label="By" options={fields} value={field.value} choose={(value) => { field.value = value; }} />}>
    <Loaded of={groups} lines={5}>{({summary, field: by}) => {
      const bars = barsOf(summary, by);
      if (bars.length === 0) return <Empty>No call has been counted in the last seven days. Point a client’s base URL at this server.</Empty>;
      const most = bars.reduce((high, {cost}) => (cost > high ? cost : high), 1n);
      return <div class="rows">{bars.map(({name, cost, query}) => <div class="row" key={name}>
        {query ? <a href={link('usage', query)} title={name}>{name}</a> : <span title={name}>{name}</span>}
        <div class="track"><i style={{width: `${Number((cost * 1000n) / most) / 10}%`, background: query ? 'var(--c1)' : 'var(--c5)'}} /></div>
        <b><Money value={cost} /></b>
      </div>)}</div>;
    }}</Loaded>
  </Card>;
}
