// The price of every model: what is in force, where it comes from.
import {useSignal} from '@preact/signals';
import {useEffect, useRef} from 'preact/hooks';
import {api} from '../lib/api';
import {count} from '../lib/numbers';
import {route} from '../lib/route';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import type {Page} from '../lib/types';
import {Badge, Card, Empty, Loaded} from '../pieces/basics';
import {say, sayProblem} from '../pieces/toast';
import {PriceDrawer} from './price_drawer';
import {Sources} from './sources';
import {rate, type Price} from './types';

const pageSize = 50;

export function SourceMark({of}: {of: Price}) {
  if (of.free) return <Badge>free</Badge>;
  if (of.manual) return <Badge tone="accent">stated here</Badge>;
  return of.verified ? <Badge tone="ok">verified</Badge> : <Badge>one source</Badge>;
}

function Rows({items, open}: {items: Price[]; open: (price: Price) => void}) {
  return <div class="scroll-x" tabIndex={0} role="region" aria-label="Prices"><table>
    <thead><tr><th>Model</th><th class="num">Input</th><th class="num">Output</th><th class="num">Cache read</th><th>Mark</th><th>Source</th><th>Since</th></tr></thead>
    <tbody>{items.map((price) => {
      const rates = price.rates.usd_per_million_tokens;
      return <tr key={price.price_id + (price.effective_from ?? '')} class="open" onClick={() => open(price)}>
        <td class="clip" title={price.model}><button type="button" class="as-link" onClick={() => open(price)}>{price.provider}/{price.model}</button></td>
        <td class="num">{rate(rates['input'])}</td><td class="num">{rate(rates['output'])}</td>
        <td class="num dim">{rate(rates['cache_read'])}</td><td><SourceMark of={price} /></td>
        <td class="dim clip" title={price.source}>{price.source}</td><td class="dim">{price.effective_from?.slice(0, 10) ?? 'always'}</td></tr>;
    })}</tbody></table></div>;
}

export function Prices() {
  const text = useSignal(route.value.query['model'] ?? '');
  const wanted = useSignal(text.value);
  const page = useSignal(1);
  const chosen = useSignal<Price | null>(null);
  const busy = useSignal(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (value: string) => {
    text.value = value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => { wanted.value = value.trim(); page.value = 1; }, 200);
  };
  const [first = '', rest] = wanted.value.split('/');
  const query: Record<string, string> = rest === undefined ? {model: wanted.value} : {provider: first, model: rest};
  const prices = useResource(`prices ${wanted.value} ${page.value}`, () =>
    api.get<Page<Price>>('/api/prices', {...query, page: page.value, limit: pageSize}), ['prices']);
  const update = () => {
    busy.value = true;
    api.post<{changed?: number; added?: number}>('/api/prices/update').then(
      (done) => say(`All sources are read: ${count(done.added ?? 0)} new, ${count(done.changed ?? 0)} changed.`), sayProblem)
      .finally(() => { busy.value = false; prices.refresh(); });
  };
  return <>
    <Card title={<>Prices <span class="dim">US dollars per million tokens</span></>} note={<span class="row-flex push">
      <input type="search" aria-label="Find a model" placeholder="Find a model" value={text.value} onInput={(event) => type(event.currentTarget.value)} />
      {may('operator') && <button type="button" class="button" disabled={busy.value} onClick={update}>{busy.value ? 'Reading the sources' : 'Read the sources'}</button>}</span>}>
      <Loaded of={prices} lines={10}>{({items, total}) => items.length === 0
        ? <Empty>No model has “{wanted.value}” in its name. What calls to it cost says prices.unknown_model.</Empty>
        : <><Rows items={items} open={(price) => { chosen.value = price; }} />
          <div class="pager"><span class="dim">{count((page.value - 1) * pageSize + 1)} to {count((page.value - 1) * pageSize + items.length)} of {count(total)}</span>
            <button type="button" class="button" disabled={page.value === 1} onClick={() => { page.value -= 1; }}>Before</button>
            <button type="button" class="button" disabled={page.value * pageSize >= total} onClick={() => { page.value += 1; }}>Next</button></div></>}</Loaded>
    </Card>
    <Sources />
    {chosen.value && <PriceDrawer price={chosen.value} close={() => { chosen.value = null; }} changed={prices.refresh} />}
  </>;
}
