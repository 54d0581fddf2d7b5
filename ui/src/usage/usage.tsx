// Every call there was.
import {useSignal} from '@preact/signals';
import {useEffect} from 'preact/hooks';
import {api, base, queryText} from '../lib/api';
import {onEvent} from '../lib/live';
import {plural} from '../lib/numbers';
import {route} from '../lib/route';
import {useResource} from '../lib/resource';
import type {Summary} from '../lib/types';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';
import {Chips} from './chips';
import {change, filtersOf, queryOf} from './filters';
import {Groups} from './groups';
import {usePages} from './pages';
import {RecordDrawer} from './record';
import {Table} from './table';

const groupings = [['', 'Each call'], ['component', 'By component'], ['model', 'By model'], ['provider', 'By provider'],
  ['task_type', 'By task type'], ['user', 'By user'], ['context_id', 'By context'], ['key', 'By key'], ['tag', 'By tag'],
  ['status', 'By status'], ['day', 'By day'], ['hour', 'By hour']] as const;

export function Usage({openPalette}: ViewProps) {
  const {query: address} = route.value;
  const filters = filtersOf(address);
  const pinned = useSignal(Date.now());
  const fresh = useSignal(0);
  const record = address['record'];
  const group = address['group'] ?? '';
  useEffect(() => onEvent((event) => { if (event.type === 'usage_record') fresh.value += 1; }), []);
  const query = queryOf(filters, pinned.value);
  const key = queryText(query);
  const renew = () => { pinned.value = Date.now(); fresh.value = 0; };
  return <>
    <Top title="Usage" openPalette={openPalette}>
      <a class="button" href={`${base.value}/api/usage/export${queryText({...query, format: 'csv'})}`} download="usage.csv">Export CSV</a>
      <button type="button" class="button primary" onClick={renew}>{fresh.value > 0 ? `Show ${plural(fresh.value, 'new call')}` : 'Refresh'}</button>
    </Top>
    <div class="chips">
      <Chips filters={filters} />
      <select class="push" aria-label="Group" value={group} onChange={(event) => change({group: event.currentTarget.value || null})}>
        {groupings.map(([value, name]) => <option key={value} value={value}>{name}</option>)}</select>
    </div>
    {group ? <Groups by={group} query={query} listKey={key} /> : <Calls query={query} listKey={key} chosen={record} />}
    {record && <RecordDrawer id={record} close={() => change({record: null})} />}
  </>;
}

function Calls({query, listKey, chosen}: {query: Record<string, string>; listKey: string; chosen: string | undefined}) {
  const pages = usePages(listKey, query);
  const sums = useResource(`sums ${listKey}`, () => api.post<Summary>('/api/usage/summary', query));
  return <Table pages={pages} sums={sums} listKey={listKey} chosen={chosen}
                open={({request_id}) => change({record: request_id})} />;
}
