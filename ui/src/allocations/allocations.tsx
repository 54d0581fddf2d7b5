// Tokens set aside for a context.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import {changed} from '../lib/live';
import {nano} from '../lib/money';
import {count} from '../lib/numbers';
import {link} from '../lib/route';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import type {Page, Usd} from '../lib/types';
import {Ago, Badge, Card, Choice, Empty, Loaded, Until, type Tone} from '../pieces/basics';
import {Confirm} from '../pieces/dialog';
import {Meter} from '../pieces/meter';
import {Money} from '../pieces/money';
import {say, sayProblem} from '../pieces/toast';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';
import {AllocationDialog} from './allocation_dialog';

interface Allocation {
  allocation_id: string; state: string; context_id: string; budget_id: string; created_at: string; created_by?: string;
  component: string; task_type: string; user: string; provider: string; model: string; tier: string;
  tokens_allocated?: number; tokens_remaining?: number; cost_allocated?: Usd; cost_remaining?: Usd; expiration_time?: string | null;
}

const tones: Record<string, Tone> = {active: 'ok', expired: 'warn', released: '', ended: ''};
const states = [['active', 'Active'], ['all', 'All']] as const;

function Row({of, release}: {of: Allocation; release: (of: Allocation) => void}) {
  const whole = of.tokens_allocated ?? 0;
  const left = of.tokens_remaining ?? 0;
  return <tr>
    <td class="clip"><a href={link('usage', {context_id: of.context_id, range: 'all'})} title={of.context_id}>{of.context_id}</a></td>
    <td><Badge tone={tones[of.state] ?? ''}>{of.state}</Badge></td>
    <td class="clip dim" title={of.component}>{[of.component, of.provider && of.model ? `${of.provider}/${of.model}` : of.model || of.tier, of.budget_id].filter(Boolean).join(' · ') || 'any call'}</td>
    <td class="limit-cell">{whole > 0 ? <><span>{count(whole - left)} of {count(whole)}</span><Meter thin spent={Math.round(((whole - left) * 10_000) / whole)} warnFrom={9000} /></> : <span class="dim">–</span>}</td>
    <td class="num dim">{of.cost_remaining ? <Money value={nano(of.cost_remaining)} /> : '–'}</td>
    <td class="dim">{of.expiration_time ? <Until at={of.expiration_time} /> : 'never'}</td>
    <td class="dim"><Ago at={of.created_at} /></td>
    <td class="num">{of.state === 'active' && may('operator') && <button type="button" class="button" onClick={() => release(of)}>Release</button>}</td>
  </tr>;
}

export function Allocations({openPalette}: ViewProps) {
  const list = useResource('allocations', () => api.get<Page<Allocation>>('/api/allocations', {limit: 200}), ['allocations', 'updates']);
  const state = useSignal<'active' | 'all'>('active');
  const making = useSignal(false);
  const asking = useSignal<Allocation | null>(null);
  const asked = asking.value;
  const release = (of: Allocation) => api.post(path('api', 'allocations', of.allocation_id, 'release')).then(
    () => { say('What was left went back.'); list.refresh(); changed('updates'); }, sayProblem);
  return <>
    <Top title="Allocations" openPalette={openPalette}>
      {may('operator') && <button type="button" class="button primary" onClick={() => { making.value = true; }}>Set tokens aside</button>}</Top>
    <Card title="Allocations" note={<Choice label="State" options={states} value={state.value} choose={(value) => { state.value = value; }} />}>
      <Loaded of={list} lines={5}>{({items, total}) => {
        const shown = items.filter((each) => state.value === 'all' || each.state === 'active');
        if (shown.length === 0) return <Empty>{items.length > 0 ? 'None is active.' : 'Nothing is set aside. An allocation keeps tokens for one context, whatever others use.'}</Empty>;
        return <div class="scroll-x" tabIndex={0} role="region" aria-label="Allocations"><table>
          <thead><tr><th>Context</th><th>State</th><th>For</th><th>Tokens used</th><th class="num">Money left</th><th>Ends</th><th>Made</th><th><span class="hidden">Do</span></th></tr></thead>
          <tbody>{shown.map((each) => <Row key={each.allocation_id} of={each} release={(of) => { asking.value = of; }} />)}</tbody></table>
          {total > items.length && <p class="chart-note">The latest {count(items.length)} of {count(total)}.</p>}</div>;
      }}</Loaded>
    </Card>
    {making.value && <AllocationDialog close={() => { making.value = false; }} done={() => { list.refresh(); changed('updates'); }} />}
    {asked && <Confirm title="Release what is left?" action="Release it" close={() => { asking.value = null; }} confirm={() => void release(asked)}
      text={`Calls of ${asked.context_id} then compete with all others.`} />}
  </>;
}
