// The calls, as many as there are: only the rows in sight exist.
import {useEffect, useRef, useState} from 'preact/hooks';
import {nano} from '../lib/money';
import {count, milliseconds, plural, short} from '../lib/numbers';
import {full, moment, withMilliseconds} from '../lib/time';
import type {Resource} from '../lib/resource';
import type {Sums, UsageRecord} from '../lib/types';
import {Decision, Empty, Problem} from '../pieces/basics';
import {Money} from '../pieces/money';
import {ModelName} from '../dashboard/latest';
import type {Pages} from './pages';

const height = 34;
const spare = 12;
// Browsers end a page at some 16 million pixels; beyond, one narrows the filter.
const rowsMax = 450_000;

const today = (text: string) => new Date(text).toDateString() === new Date().toDateString();

function Row({of, index, open, chosen}: {of: UsageRecord; index: number; open: (record: UsageRecord) => void; chosen: boolean}) {
  return <div class="line" role="row" aria-rowindex={index + 2} tabIndex={0} style={{top: `${index * height}px`}}
              {...(chosen ? {'aria-current': true as const} : {})}
              onClick={() => open(of)} onKeyDown={(event) => { if (event.key === 'Enter') open(of); }}>
    <span role="cell" class="mono" title={full(of.timestamp)}>{today(of.timestamp) ? withMilliseconds(of.timestamp) : moment(of.timestamp)}</span>
    <span role="cell" title={of.component}>{of.component}</span>
    <span role="cell"><ModelName of={of} /></span>
    <span role="cell" class="dim" title={of.task_type}>{of.task_type || '–'}</span>
    <span role="cell" class="num">{count(of.input_tokens)}</span>
    <span role="cell" class="num dim">{count(of.cache_read_tokens)}</span>
    <span role="cell" class="num">{count(of.output_tokens)}</span>
    <span role="cell" class="num"><Money value={nano(of.total_cost)} as="call" free /></span>
    <span role="cell">{of.status >= 400 ? <span class="badge bad" title={of.error}>{of.status}</span> : <Decision of={of.decision} />}</span>
    <span role="cell" class="num dim">{milliseconds(of.latency_ms)}</span>
  </div>;
}

function Foot({total, sums}: {total: number; sums: Resource<{total: Sums}>}) {
  const all = sums.data?.total;
  return <div class="line foot" role="row">
    <span role="cell">{plural(total, 'call')}</span><span role="cell" /><span role="cell" class="dim">
      {total > rowsMax ? `the first ${count(rowsMax)} are listed` : ''}</span><span role="cell" />
    <span role="cell" class="num">{all ? <span title={count(all.input_tokens)}>{short(all.input_tokens)}</span> : ''}</span>
    <span role="cell" class="num dim">{all ? <span title={count(all.cache_read_tokens)}>{short(all.cache_read_tokens)}</span> : ''}</span>
    <span role="cell" class="num">{all ? <span title={count(all.output_tokens)}>{short(all.output_tokens)}</span> : ''}</span>
    <span role="cell" class="num">{all ? <Money value={nano(all.total_cost)} /> : ''}</span>
    <span role="cell" /><span role="cell" />
  </div>;
}

const heads: [string, boolean][] = [['Time', false], ['Component', false], ['Model', false], ['Task', false],
  ['In', true], ['Cached', true], ['Out', true], ['Cost', true], ['Decision', false], ['Took', true]];

interface Props { pages: Pages; sums: Resource<{total: Sums}>; open: (record: UsageRecord) => void; chosen: string | undefined; listKey: string }

export function Table({pages, sums, open, chosen, listKey}: Props) {
  const body = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({top: 0, height: 600});
  useEffect(() => {
    const element = body.current;
    if (!element) return;
    const look = () => setView({top: element.scrollTop, height: element.clientHeight});
    look();
    element.addEventListener('scroll', look, {passive: true});
    const watch = new ResizeObserver(look);
    watch.observe(element);
    return () => { element.removeEventListener('scroll', look); watch.disconnect(); };
  }, [pages.total === undefined]);
  useEffect(() => { body.current?.scrollTo(0, 0); }, [listKey]);
  const total = pages.total ?? 0;
  const rows = Math.min(total, rowsMax);
  const from = Math.max(0, Math.floor(view.top / height) - spare);
  const to = Math.min(rows - 1, Math.ceil((view.top + view.height) / height) + spare);
  useEffect(() => { if (total > 0) pages.want(from, to); }, [from, to, listKey, total]);
  if (pages.error) return <div class="card"><Problem error={pages.error} retry={pages.retry} /></div>;
  if (pages.total === 0) return <div class="card"><Empty>No call fits. Widen the time or take a filter away.</Empty></div>;
  const shown = [];
  for (let i = from; i <= to; ++i) {
    const record = pages.row(i);
    shown.push(record ? <Row key={i} of={record} index={i} open={open} chosen={record.request_id === chosen} />
      : <div key={i} class="line" role="row" aria-rowindex={i + 2} style={{top: `${i * height}px`}}>
          <span role="cell" class="skeleton">&nbsp;</span></div>);
  }
  return <div class="card virtual"><div class="across" role="table" aria-label="Calls" aria-rowcount={rows + 1} aria-busy={pages.total === undefined}>
    <div class="line head" role="row" aria-rowindex={1}>{heads.map(([name, right]) =>
      <span key={name} role="columnheader" class={right ? 'num' : ''}>{name}</span>)}</div>
    <div class="body" ref={body} role="rowgroup" tabIndex={0} aria-label="Calls, newest first">
      <div style={{height: `${rows * height}px`}} role="presentation" />{shown}</div>
    <Foot total={total} sums={sums} />
  </div></div>;
}
