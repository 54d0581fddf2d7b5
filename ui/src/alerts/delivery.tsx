// From what share of a limit on alerts are raised, where they are sent, and
// what became of it. Addresses and secrets are the file's.
import {useSignal} from '@preact/signals';
import {api} from '../lib/api';
import {count} from '../lib/numbers';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import type {Page} from '../lib/types';
import {Ago, Badge, Card, Empty, Loaded, type Tone} from '../pieces/basics';
import {Check, listOf, Rest, Text, useSending} from '../pieces/form';
import {say, sayProblem} from '../pieces/toast';

interface Channel { id: string; kind: string; where: string; enabled: boolean; min_severity: string }
interface Settings { thresholds: number[]; thresholds_source: string; channels: Channel[] }
interface Sent { channel: string; sent: boolean; error: string | null }
interface Delivery { delivery_id: string; alert_id: string; channel: string; state: string; attempts: number; error: string | null; created_at: string }

const percentOf = (share: number) => String(Math.round(share * 10_000) / 100);

function Thresholds({of, saved}: {of: Settings; saved: () => void}) {
  const text = useSignal(of.thresholds.map(percentOf).join(', '));
  const channels = useSignal(of.channels);
  const sending = useSending();
  const {problems} = sending;
  const change = (id: string, changes: Partial<Channel>) => {
    channels.value = channels.value.map((each) => (each.id === id ? {...each, ...changes} : each));
  };
  const test = (id: string) => api.post<{channels: Sent[]}>('/api/alerts/test', {channel: id}).then(({channels: [done]}) => {
    if (done?.sent) say('The test was taken.'); else sayProblem(new Error(`The test was not taken: ${done?.error ?? 'nothing was sent'}`));
  }, sayProblem);
  const submit = (event: Event) => {
    event.preventDefault();
    const shares = listOf(text.value.replace(/%/g, '')).map(Number);
    const wrong: Record<string, string> = shares.length === 0 || shares.some((each) => !(each > 0 && each <= 100))
      ? {thresholds: 'Percents between 0 and 100, commas between.'} : {};
    void sending.send(async () => {
      await api.put('/api/alerts/settings', {thresholds: shares.map((each) => Math.round(each * 100) / 10_000),
        channels: Object.fromEntries(channels.value.map(({id, enabled, min_severity}) => [id, {enabled, min_severity}]))});
      say('Alerts are raised and sent by this.');
      saved();
    }, wrong);
  };
  const own = may('operator');
  return <form class="form" onSubmit={submit} noValidate>
    <Text label="Raise one at, percent of a limit" value={text.value} set={(value) => { text.value = value; }} wrong={problems['thresholds']} inputMode="decimal"
      hint={of.thresholds_source === 'file' ? 'As the configuration file has it.' : 'Set here, in place of the file’s.'} />
    {channels.value.length === 0 ? <p class="dim">No channel is configured: alerts show here alone. Webhooks and mail are the file’s (alerts.webhooks, alerts.email).</p>
      : <div class="scroll-x" tabIndex={0} role="region" aria-label="Channels"><table>
        <thead><tr><th>Channel</th><th>To</th><th>From severity</th><th>State</th><th><span class="hidden">Do</span></th></tr></thead>
        <tbody>{channels.value.map((each) => <tr key={each.id}>
          <td>{each.kind} <span class="dim">{each.id}</span></td><td class="clip" title={each.where}>{each.where}</td>
          <td><select aria-label={`From severity, ${each.id}`} disabled={!own} value={each.min_severity} onChange={(event) => change(each.id, {min_severity: event.currentTarget.value})}>
            <option value="info">notes</option><option value="warning">warnings</option><option value="error">errors</option></select></td>
          <td><Check label="on" value={each.enabled} set={(enabled) => change(each.id, {enabled})} /></td>
          <td class="num">{own && <button type="button" class="button" onClick={() => void test(each.id)}>Send a test</button>}</td></tr>)}</tbody></table></div>}
    <Rest problems={problems} shown={['thresholds']} />
    {own && <div class="row-flex"><button class="button" disabled={sending.busy}>Save</button></div>}
  </form>;
}

const tones: Record<string, Tone> = {delivered: 'ok', pending: '', dead: 'bad'};

function Deliveries() {
  const list = useResource('deliveries', () => api.get<Page<Delivery>>('/api/alerts/deliveries', {limit: 10}), ['alerts']);
  return <Loaded of={list} lines={1}>{({items, total}) => items.length === 0 ? <Empty>Nothing has been sent yet.</Empty>
    : <div class="scroll-x" tabIndex={0} role="region" aria-label="Deliveries"><table>
      <thead><tr><th>State</th><th>Channel</th><th class="num">Tries</th><th>Since</th><th>Trouble</th></tr></thead>
      <tbody>{items.map((each) => <tr key={each.delivery_id}><td><Badge tone={tones[each.state] ?? ''}>{each.state}</Badge></td><td>{each.channel}</td>
        <td class="num">{count(each.attempts)}</td><td class="dim"><Ago at={each.created_at} /></td><td class="wrap dim">{each.error ?? ''}</td></tr>)}</tbody></table>
      {total > items.length && <p class="chart-note">The latest {items.length} of {count(total)}.</p>}</div>}</Loaded>;
}

export function Delivery() {
  const settings = useResource('alert settings', () => api.get<Settings>('/api/alerts/settings'));
  return <section class="grid g2">
    <Card title="When, and where to"><Loaded of={settings} lines={4}>{(of) => <Thresholds key={JSON.stringify(of)} of={of} saved={settings.refresh} />}</Loaded></Card>
    <Card title="Sent"><Deliveries /></Card>
  </section>;
}
