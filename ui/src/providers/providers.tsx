// Where calls go, and how that went in the last day.
import {api} from '../lib/api';
import {nano} from '../lib/money';
import {count, milliseconds, percent} from '../lib/numbers';
import {link} from '../lib/route';
import {useResource} from '../lib/resource';
import type {Page, Summary} from '../lib/types';
import {Badge, Card, Empty, Loaded} from '../pieces/basics';
import {Money} from '../pieces/money';

interface Provider {
  name: string; format: string; url: string; catalog: string; free: boolean;
  reachable?: boolean | null; latency_ms?: number | null; in_flight?: number; errors?: number;
}

interface Day { calls: number; failed: number; cost: bigint }

async function readDay(): Promise<Map<string, Day>> {
  const summary = await api.post<Summary>('/api/usage/summary', {
    start_time: new Date(Date.now() - 86_400_000).toISOString(), group_by: ['provider', 'status']});
  const days = new Map<string, Day>();
  for (const {group, requests, total_cost} of summary.groups) {
    const day = days.get(group['provider'] ?? '') ?? {calls: 0, failed: 0, cost: 0n};
    day.calls += requests;
    if (Number(group['status']) >= 400) day.failed += requests;
    day.cost += nano(total_cost);
    days.set(group['provider'] ?? '', day);
  }
  return days;
}

function State({of}: {of: Provider}) {
  if (of.reachable === true) return <Badge tone="ok">reachable</Badge>;
  if (of.reachable === false) return <Badge tone="bad">unreachable</Badge>;
  return <Badge>configured</Badge>;
}

export function Providers() {
  const providers = useResource('providers', () => api.get<Page<Provider>>('/api/providers', {limit: 500}), ['updates'], 2000);
  const days = useResource('providers day', readDay, ['updates'], 5000);
  return <Card title={<>Providers <span class="dim">last 24 hours</span></>}>
    <Loaded of={providers} lines={4}>{({items}) => items.length === 0
      ? <Empty>No provider is configured; add one to the configuration file.</Empty>
      : <div class="scroll-x" tabIndex={0} role="region" aria-label="Providers"><table>
        <thead><tr><th>Provider</th><th>State</th><th>Format</th><th>Address</th><th class="num">Calls</th><th class="num">Failed</th>
          {items.some((each) => typeof each.latency_ms === 'number') && <th class="num">Latency</th>}<th class="num">Spent</th></tr></thead>
        <tbody>{items.map((each) => {
          const day = days.data?.get(each.name);
          return <tr key={each.name}>
            <td><a href={link('usage', {provider: each.name, range: '24h'})}>{each.name}</a> {each.free && <Badge>free</Badge>}</td>
            <td><State of={each} /></td><td class="dim">{each.format}</td><td class="clip dim" title={each.url}>{each.url || 'built in'}</td>
            <td class="num">{days.data ? count(day?.calls ?? 0) : '–'}</td>
            <td class="num">{day && day.failed > 0 ? <span class="bad-ink">{percent(Math.floor((day.failed * 10_000) / day.calls))}</span> : <span class="dim">–</span>}</td>
            {items.some((other) => typeof other.latency_ms === 'number') && <td class="num dim">{typeof each.latency_ms === 'number' ? milliseconds(each.latency_ms) : '–'}</td>}
            <td class="num">{days.data ? <Money value={day?.cost ?? 0n} /> : '–'}</td></tr>;
        })}</tbody></table></div>}</Loaded>
  </Card>;
}
