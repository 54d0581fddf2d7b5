// The same calls, summed by one of their fields, sortable by every figure.
import {useSignal} from '@preact/signals';
import {api} from '../lib/api';
import {nano} from '../lib/money';
import {count} from '../lib/numbers';
import {link, route} from '../lib/route';
import {useResource} from '../lib/resource';
import type {Summary, Sums} from '../lib/types';
import {Empty, Loaded} from '../pieces/basics';
import {Money} from '../pieces/money';
import {offered, type Field} from './filters';

type Column = 'requests' | 'input_tokens' | 'cache_read_tokens' | 'output_tokens' | 'total_cost';
const columns: [Column, string][] = [['requests', 'Calls'], ['input_tokens', 'In'], ['cache_read_tokens', 'Cached'],
  ['output_tokens', 'Out'], ['total_cost', 'Cost']];

const figure = (sums: Sums, column: Column): bigint => column === 'total_cost' ? nano(sums.total_cost) : BigInt(sums[column]);

export function Groups({by, query, listKey}: {by: string; query: Record<string, string>; listKey: string}) {
  const sort = useSignal<{column: Column; up: boolean}>({column: 'total_cost', up: false});
  const groups = useResource(`groups ${by} ${listKey}`, () => api.post<Summary>('/api/usage/summary', {...query, group_by: [by]}));
  const {column, up} = sort.value;
  const press = (next: Column) => { sort.value = {column: next, up: next === column ? !up : false}; };
  const isFilter = Object.values(offered).includes(by);
  return <div class="card"><Loaded of={groups} lines={8}>{(summary) => {
    if (summary.groups.length === 0) return <Empty>No call fits. Widen the time or take a filter away.</Empty>;
    const rows = [...summary.groups].sort((a, b) => {
      const [x, y] = [figure(a, column), figure(b, column)];
      return (x < y ? 1 : x > y ? -1 : 0) * (up ? -1 : 1);
    });
    return <div class="scroll-x" tabIndex={0} role="region" aria-label="Sums"><table>
      <thead><tr><th>{by.replace(/_/g, ' ').replace(/^./, (first) => first.toUpperCase())}</th>{columns.map(([key, name]) =>
        <th key={key} class="num" aria-sort={key === column ? (up ? 'ascending' : 'descending') : 'none'}>
          <button type="button" onClick={() => press(key)}>{name}</button></th>)}</tr></thead>
      <tbody>{rows.slice(0, 500).map((each) => {
        const value = each.group[by] ?? '';
        return <tr key={value}><td class="clip">{value && isFilter
          ? <a title={value} href={link('usage', {...without(route.value.query, 'group'), [by as Field]: value})}>{value}</a> : value || <span class="dim">none</span>}</td>
          {columns.map(([key]) => <td key={key} class="num">{key === 'total_cost' ? <Money value={nano(each.total_cost)} /> : count(each[key])}</td>)}</tr>;
      })}
      <tr class="sum"><td>{count(summary.groups.length)} in all</td>{columns.map(([key]) => <td key={key} class="num">
        {key === 'total_cost' ? <Money value={nano(summary.total.total_cost)} /> : count(summary.total[key])}</td>)}</tr></tbody>
    </table></div>;
  }}</Loaded></div>;
}

export function without(query: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter(([key]) => key !== name));
}
