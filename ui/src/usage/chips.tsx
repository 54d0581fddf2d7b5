// The filters in one line.
import {useSignal} from '@preact/signals';
import {useEffect, useRef} from 'preact/hooks';
import {api} from '../lib/api';
import {useResource} from '../lib/resource';
import {moment} from '../lib/time';
import type {Summary} from '../lib/types';
import {Choice} from '../pieces/basics';
import {change, fields, nameOf, offered, ranges, type Field, type Filters} from './filters';

function Suggestions({id, field}: {id: string; field: Field}) {
  const by = offered[field];
  const groups = useResource(`values ${field}`, async () => by
    ? (await api.post<Summary>('/api/usage/summary', {
        start_time: new Date(Date.now() - 30 * 86_400_000).toISOString(), group_by: [by]})).groups : []);
  return <datalist id={id}>{(groups.data ?? []).slice(0, 200).map(({group}) => group[by!]
    ? <option key={group[by!]} value={group[by!]} /> : null)}</datalist>;
}

function Sheet({close}: {close: () => void}) {
  const field = useSignal<Field>('component');
  const value = useSignal('');
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => { first.current?.focus(); }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    if (value.value.trim()) change({[field.value]: value.value.trim()});
    close();
  };
  return <form class="sheet" onSubmit={submit} onKeyDown={(event) => { if (event.key === 'Escape') close(); }}>
    <div class="field"><label for="filter-field">Show only calls whose</label>
      <select ref={first} id="filter-field" value={field.value} onChange={(event) => { field.value = event.currentTarget.value as Field; }}>
        {fields.map(([key, name]) => <option key={key} value={key}>{name.toLowerCase()}</option>)}</select></div>
    <div class="field"><label for="filter-value">is</label>
      <input id="filter-value" list="filter-values" autocomplete="off" placeholder={field.value === 'tag' ? 'NAME=VALUE' : ''}
             value={value.value} onInput={(event) => { value.value = event.currentTarget.value; }} />
      <Suggestions id="filter-values" field={field.value} /></div>
    <div class="row-flex"><button class="button primary">Add</button><button type="button" class="button" onClick={close}>Cancel</button></div>
  </form>;
}

const ownText = ({from, to}: Filters) =>
  `${from ? moment(from) : 'the beginning'} to ${to ? moment(to) : 'now'}`;

export function Chips({filters}: {filters: Filters}) {
  const adding = useSignal(false);
  const add = useRef<HTMLButtonElement>(null);
  const close = () => { adding.value = false; add.current?.focus(); };
  return <div class="chips">
    <Choice label="Time" options={ranges} value={filters.range === 'own' ? '' as never : filters.range}
            choose={(range) => change({range, from: null, to: null})} />
    {filters.range === 'own' && <span class="chip"><span>{ownText(filters)}</span>
      <button type="button" aria-label="Remove the time" onClick={() => change({from: null, to: null})}>×</button></span>}
    {filters.values.map(([field, value]) => <span class="chip" key={field}>
      <span title={value}>{nameOf(field)} {value}</span>
      <button type="button" aria-label={`Remove ${nameOf(field)}`} onClick={() => change({[field]: null})}>×</button></span>)}
    <div class="popover">
      <button ref={add} type="button" class="chip add" aria-expanded={adding.value} onClick={() => { adding.value = !adding.value; }}>Add a filter</button>
      {adding.value && <Sheet close={close} />}
    </div>
  </div>;
}
