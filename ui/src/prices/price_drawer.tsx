// One model's price: all its rates, its history, and a price of one's own.
import {useSignal} from '@preact/signals';
import {api, ApiError, path} from '../lib/api';
import {count} from '../lib/numbers';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import type {Page} from '../lib/types';
import {Loaded} from '../pieces/basics';
import {Dialog} from '../pieces/dialog';
import {Rest, Text, useSending} from '../pieces/form';
import {say, sayProblem} from '../pieces/toast';
import {SourceMark} from './prices';
import {rate, type Price} from './types';

function Rates({of}: {of: Price}) {
  const rows = [...Object.entries(of.rates.usd_per_million_tokens).map(([name, value]) => [name, value, 'per million tokens']),
    ...Object.entries(of.rates.usd_per_unit).map(([name, value]) => [name, value, 'each'])] as [string, string, string][];
  return <dl class="facts-list">{rows.map(([name, value, unit]) => <div key={name} style={{display: 'contents'}}>
    <dt>{name.replace(/_/g, ' ')}</dt><dd>{rate(value)} <span class="dim">{unit}</span></dd></div>)}
    {of.context_window && <><dt>context</dt><dd>{count(of.context_window)} tokens</dd></>}
    {of.max_output_tokens && <><dt>longest answer</dt><dd>{count(of.max_output_tokens)} tokens</dd></>}
    <dt>source</dt><dd>{of.source}</dd></dl>;
}

function History({of}: {of: Price}) {
  const list = useResource(`history ${of.provider}/${of.model}`, async () => {
    try {
      const answer = await api.get<Page<Price> | Price[]>(path('api', 'prices', 'history', of.provider, of.model));
      return Array.isArray(answer) ? answer : answer.items;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  }, ['prices']);
  return <Loaded of={list} lines={2}>{(rows) => rows.length === 0 ? <p class="dim">It has not changed.</p> : <ol class="trace">{rows.map((row, i) =>
    <li key={row.price_id + String(i)} class={i === 0 ? 'ok' : ''}>{row.effective_from?.slice(0, 10) ?? 'From the start'}: {rate(row.rates.usd_per_million_tokens['input'])} in,{' '}
      {rate(row.rates.usd_per_million_tokens['output'])} out <SourceMark of={row} /><div class="dim wrap">{row.source}</div></li>)}</ol>}</Loaded>;
}

const pattern = /^\d+(\.\d{1,6})?$/;

function State({of, changed}: {of: Price; changed: () => void}) {
  const rates = of.rates.usd_per_million_tokens;
  const input = useSignal(rates['input'] ?? '');
  const output = useSignal(rates['output'] ?? '');
  const cached = useSignal(rates['cache_read'] ?? '');
  const reason = useSignal('');
  const sending = useSending();
  const {problems} = sending;
  const target = path('api', 'prices', of.provider, of.model);
  const submit = (event: Event) => {
    event.preventDefault();
    const wrong: Record<string, string> = {};
    for (const [field, value] of [['input', input.value], ['output', output.value], ['cache_read', cached.value]] as const) {
      if (value.trim() ? !pattern.test(value.trim()) : field !== 'cache_read') wrong[field] = 'US dollars, such as 2.50.';
    }
    void sending.send(async () => {
      const body: Record<string, string> = {input: input.value.trim(), output: output.value.trim()};
      if (cached.value.trim()) body['cache_read'] = cached.value.trim();
      if (reason.value.trim()) body['reason'] = reason.value.trim();
      await api.put(target, body);
      say(`${of.model} costs this from the next call on.`);
      changed();
    }, wrong);
  };
  const back = () => api.remove(target).then(() => { say('The sources’ price holds again.'); changed(); }, sayProblem);
  return <form class="form flush" onSubmit={submit} noValidate>
    <div class="fields"><Text label="Input" value={input.value} set={(value) => { input.value = value; }} wrong={problems['input']} inputMode="decimal" />
      <Text label="Output" value={output.value} set={(value) => { output.value = value; }} wrong={problems['output']} inputMode="decimal" />
      <Text label="Cache read" value={cached.value} set={(value) => { cached.value = value; }} wrong={problems['cache_read']} inputMode="decimal" /></div>
    <Text label="Why" value={reason.value} set={(value) => { reason.value = value; }} wrong={problems['reason']} />
    <Rest problems={problems} shown={['input', 'output', 'cache_read', 'reason']} />
    <div class="row-flex"><button class="button" disabled={sending.busy}>State this price</button>
      {of.manual && <button type="button" class="button danger" onClick={() => void back()}>Take it back</button>}</div>
  </form>;
}

export function PriceDrawer({price, close, changed}: {price: Price; close: () => void; changed: () => void}) {
  return <Dialog kind="drawer" label="A price" close={close}>
    <div>
      <div class="row-flex"><h2 class="wrap">{price.provider}/{price.model}</h2><button type="button" class="button push" onClick={close}>Close</button></div>
      <div class="part"><h3>In force</h3><span class="row-flex"><SourceMark of={price} /></span><Rates of={price} /></div>
      <div class="part"><h3>History</h3><History of={price} /></div>
      {may('operator') && <div class="part"><h3>A price of your own</h3><State of={price} changed={() => { changed(); close(); }} /></div>}
    </div>
  </Dialog>;
}
