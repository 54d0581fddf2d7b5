// The latest calls.
import {api} from '../lib/api';
import {nano} from '../lib/money';
import {count, milliseconds} from '../lib/numbers';
import {go, link} from '../lib/route';
import {useResource} from '../lib/resource';
import {full, withMilliseconds} from '../lib/time';
import type {Page, UsageRecord} from '../lib/types';
import {Card, Decision, Empty, Loaded} from '../pieces/basics';
import {Money} from '../pieces/money';

export function ModelName({of}: {of: UsageRecord}) {
  const other = of.requested_model && of.requested_model !== of.model;
  return <span title={`${of.provider}/${of.model}`}>{of.provider}/{of.model}{other && <span class="dim"> for {of.requested_model}</span>}</span>;
}

export function Latest() {
  const latest = useResource('latest', () => api.get<Page<UsageRecord>>('/api/usage/records', {limit: 8}), ['updates']);
  return <Card title="Latest calls" note={<a class="note" href="#/usage">Usage</a>}>
    <Loaded of={latest} lines={8}>{({items}) => items.length === 0
      ? <Empty>No call yet. The first one shows here within a second.</Empty>
      : <div class="scroll-x" tabIndex={0} role="region" aria-label="Latest calls"><table>
        <thead><tr><th>Time</th><th>Component</th><th>Model</th><th>Task</th><th class="num">In</th><th class="num">Cached</th>
          <th class="num">Out</th><th class="num">Cost</th><th>Decision</th><th class="num">First byte</th></tr></thead>
        <tbody>{items.map((each) => <tr key={each.request_id} class="open" onClick={() => go(link('usage', {record: each.request_id}))}>
          <td class="mono" title={full(each.timestamp)}><a href={link('usage', {record: each.request_id})} class="soft">{withMilliseconds(each.timestamp)}</a></td>
          <td class="clip" title={each.component}>{each.component}</td>
          <td class="clip"><ModelName of={each} /></td>
          <td class="dim clip" title={each.task_type}>{each.task_type || '–'}</td>
          <td class="num">{count(each.input_tokens)}</td>
          <td class="num dim">{count(each.cache_read_tokens)}</td>
          <td class="num">{count(each.output_tokens)}</td>
          <td class="num"><Money value={nano(each.total_cost)} as="call" free /></td>
          <td><Decision of={each.decision} /></td>
          <td class="num dim">{milliseconds(each.time_to_first_byte_ms)}</td>
        </tr>)}</tbody></table></div>}</Loaded>
  </Card>;
}
