// One call, whole: what was decided, what it used, what it cost, how long.
import {api} from '../lib/api';
import {nano} from '../lib/money';
import {count, milliseconds} from '../lib/numbers';
import {link} from '../lib/route';
import {useResource} from '../lib/resource';
import {full} from '../lib/time';
import type {UsageRecord} from '../lib/types';
import {Badge, Decision, Loaded} from '../pieces/basics';
import {Dialog} from '../pieces/dialog';
import {Money} from '../pieces/money';

function Trace({of}: {of: UsageRecord}) {
  const failed = of.status >= 400 || of.error !== '';
  const rerouted = of.requested_model && of.requested_model !== of.model;
  return <ol class="trace">
    <li class="ok">{of.policies.length === 0 ? 'No policy applies.' : <>Counts against {of.policies.map((id, i) => <span key={id}>{i > 0 && ', '}
      <a class="wrap" href={link('budgets', {policy: id})}>{id}</a></span>)}.</>}</li>
    <li class={of.decision === 'allow' ? 'ok' : 'warn'}><Decision of={of.decision} />{rerouted && <> {of.requested_model} was asked for, {of.model} answered</>}
      {of.allocation_id && <> drawn from allocation {of.allocation_id}</>}</li>
    <li class={failed ? 'bad' : 'ok'}>{of.provider} answered {of.status}{of.stream ? ', as a stream' : ''} after {milliseconds(of.latency_ms)}
      {of.error && <div class="bad-ink wrap">{of.error}</div>}</li>
    <li class={of.estimated ? 'warn' : 'ok'}>Settled at <Money value={nano(of.total_cost)} as="call" />
      {of.usage_source === 'reported' ? ', by the provider’s figures' : of.usage_source === 'counted' ? ', counted here' : ', at the worst case that was held'}
      {of.estimated && <> <Badge tone="warn">estimated</Badge></>}{of.unpriced && <> <Badge tone="warn">unpriced</Badge></>}</li>
  </ol>;
}

function Tokens({of}: {of: UsageRecord}) {
  const kinds = [
    ['Input', of.input_tokens - of.cache_read_tokens - of.cache_write_tokens, 'var(--c1)'],
    ['Read from cache', of.cache_read_tokens, 'var(--c2)'],
    ['Written to cache', of.cache_write_tokens, 'var(--c5)'],
    ['Output', of.output_tokens - of.reasoning_tokens, 'var(--c3)'],
    ['Reasoning', of.reasoning_tokens, 'var(--c4)'],
  ].filter(([, tokens]) => (tokens as number) > 0) as [string, number, string][];
  const all = kinds.reduce((sum, [, tokens]) => sum + tokens, 0);
  if (all === 0) return <p class="dim">None.</p>;
  return <>
    <div class="stack" role="img" aria-label={kinds.map(([name, tokens]) => `${name} ${count(tokens)}`).join(', ')}>
      {kinds.map(([name, tokens, colour]) => <i key={name} style={{width: `${(tokens * 100) / all}%`, background: colour}} />)}</div>
    <div class="keys-list">{kinds.map(([name, tokens, colour]) =>
      <span key={name} style={{'--dot': colour}}>{name} {count(tokens)}</span>)}</div>
  </>;
}

function Timing({of}: {of: UsageRecord}) {
  const whole = Math.max(of.latency_ms, 1);
  const first = Math.min(of.time_to_first_byte_ms, whole);
  const bar = (from: number, to: number) => ({left: `${(from * 100) / whole}%`, width: `${((to - from) * 100) / whole}%`});
  return <div class="waterfall">
    <div><span class="soft">First byte</span><div class="track"><i style={bar(0, first)} /></div><span class="num">{milliseconds(of.time_to_first_byte_ms)}</span></div>
    <div><span class="soft">Answer</span><div class="track"><i style={{...bar(first, whole), background: 'var(--c2)'}} /></div><span class="num">{milliseconds(of.latency_ms - first)}</span></div>
  </div>;
}

function Facts({of}: {of: UsageRecord}) {
  const rows: [string, string][] = [
    ['Time', full(of.timestamp)], ['Component', of.component], ['User', of.user], ['Context', of.context_id],
    ['Task', of.task_id], ['Task type', of.task_type], ['Key', of.key_id], ['Priority', String(of.priority)],
    ['Tags', Object.entries(of.tags).map(([name, value]) => `${name}=${value}`).join(', ')],
    ['Operation', of.operation], ['Price used', of.price_id], ['Request', of.request_id],
    ['Provider’s request', of.upstream_request_id],
  ];
  return <dl class="facts-list">{rows.filter(([, value]) => value).map(([name, value]) =>
    <div key={name} style={{display: 'contents'}}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

export function RecordDrawer({id, close}: {id: string; close: () => void}) {
  const record = useResource(`record ${id}`, () => api.get<UsageRecord>(`/api/usage/records/${encodeURIComponent(id)}`));
  return <Dialog kind="drawer" label="A call" close={close}>
    <div>
      <div class="row-flex"><h2>Call</h2><button type="button" class="button push" onClick={close}>Close</button></div>
      <Loaded of={record} lines={8}>{(of) => <>
        <div class="part"><span class="soft wrap">{of.provider}/{of.model}</span>
          <span class="big"><Money value={nano(of.total_cost)} as="call" free /></span>
          <span class="dim"><Money value={nano(of.input_cost)} as="call" /> input, <Money value={nano(of.output_cost)} as="call" /> output</span></div>
        <div class="part"><h3>Decision</h3><Trace of={of} /></div>
        <div class="part"><h3>Tokens</h3><Tokens of={of} /></div>
        <div class="part"><h3>Timing</h3><Timing of={of} /></div>
        <div class="part"><h3>Details</h3><Facts of={of} /></div>
      </>}</Loaded>
    </div>
  </Dialog>;
}
