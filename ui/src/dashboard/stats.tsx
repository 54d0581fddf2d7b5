// The pace of the last minutes.
import {api} from '../lib/api';
import {count, median, milliseconds, percent, short} from '../lib/numbers';
import {useResource} from '../lib/resource';
import {metric} from '../lib/shared';
import type {Page, Series, UsageRecord} from '../lib/types';

interface Pace { minute: Series['points'][number] | undefined; cached: number; input: number; output: number; first: number | null; whole: number | null }

// The last whole minute, the last hour's sums, and the latest calls' timing.
async function readPace(): Promise<Pace> {
  const minute = 60_000;
  const end = Math.ceil(Date.now() / minute) * minute;
  const series = await api.get<Series>('/api/usage/timeseries', {
    bucket: 'minute', start_time: new Date(end - 60 * minute).toISOString(), end_time: new Date(end).toISOString()});
  const latest = await api.get<Page<UsageRecord>>('/api/usage/records', {limit: 200});
  let cached = 0;
  let input = 0;
  let output = 0;
  for (const point of series.points) {
    cached += point.cache_read_tokens;
    input += point.input_tokens;
    output += point.output_tokens;
  }
  return {minute: series.points[series.points.length - 2], cached, input, output,
          first: median(latest.items.map((each) => each.time_to_first_byte_ms)),
          whole: median(latest.items.map((each) => each.latency_ms))};
}

export function Stats({metrics}: {metrics: string | undefined}) {
  const pace = useResource('pace', readPace, ['updates'], 2000).data;
  const refused = metrics === undefined ? undefined : metric(metrics, 'budget_calls_total', 'decision="deny"');
  const wait = '–';
  return <dl class="card stats">
    <div title="In the last whole minute"><dt>Calls a minute</dt><dd>{pace ? count(pace.minute?.requests ?? 0) : wait}</dd></div>
    <div title="In the last whole minute"><dt>Tokens a minute</dt><dd>{pace ? short(pace.minute?.total_tokens ?? 0) : wait}</dd></div>
    <div title="Of all input in the last hour"><dt>Cached input</dt>
      <dd>{pace && pace.input > 0 ? percent(Math.floor((pace.cached * 10_000) / pace.input)) : wait}</dd></div>
    <div title={pace ? `${count(pace.input)} in, ${count(pace.output)} out` : ''}><dt>Tokens in / out, last hour</dt><dd>{pace ? `${short(pace.input)} / ${short(pace.output)}` : wait}</dd></div>
    <div title="By this server since it started"><dt>Refused since start</dt><dd>{refused === undefined ? wait : count(refused)}</dd></div>
    <div title="The middle one of the latest 200 calls"><dt>First byte / whole, p50</dt>
      <dd>{pace && pace.first !== null && pace.whole !== null ? `${count(pace.first)} / ${milliseconds(pace.whole)}` : wait}</dd></div>
  </dl>;
}
