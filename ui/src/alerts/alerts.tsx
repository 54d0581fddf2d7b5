// What a person should know of: one list; acknowledging greys, never hides.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import {changed} from '../lib/live';
import {count} from '../lib/numbers';
import {link} from '../lib/route';
import {isOpen, useAlerts} from '../lib/shared';
import {may} from '../lib/session';
import {full} from '../lib/time';
import type {Alert} from '../lib/types';
import {AlertBadge, wordOf} from '../pieces/alert';
import {Ago, Card, Choice, Empty, Loaded} from '../pieces/basics';
import {say, sayProblem} from '../pieces/toast';
import {Times} from '../pieces/times';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';
import {Delivery} from './delivery';

const states = [['open', 'Open'], ['all', 'All']] as const;
const severities = [['', 'Any'], ['error', 'Errors'], ['warning', 'Warnings'], ['info', 'Notes']] as const;

function about(alert: Alert): [string, string] | null {
  if (alert.policy_id) return [link('budgets', {policy: alert.policy_id}), alert.policy_id];
  if (alert.component) return [link('usage', {component: alert.component}), alert.component];
  if (alert.model) return [link('budgets/prices', {model: alert.model}), alert.model];
  return null;
}

function Line({alert, acknowledge}: {alert: Alert; acknowledge: (alert: Alert) => void}) {
  const open = isOpen(alert);
  const subject = about(alert);
  return <li class={`alert ${open ? '' : 'seen'}`}>
    <AlertBadge alert={alert} />
    <span class="wrap"><Times text={alert.message} />{subject && <> <a href={subject[0]}>{subject[1]}</a></>}
      {!open && alert.acknowledged_by && <span class="dim"> · seen by {alert.acknowledged_by}{alert.acknowledged_at ? <span title={full(alert.acknowledged_at)}> <Ago at={alert.acknowledged_at} /> ago</span> : ''}</span>}</span>
    <span class="row-flex ends"><span class="dim"><Ago at={alert.timestamp} /></span>
      {open && may('operator') && <button type="button" class="button" onClick={() => acknowledge(alert)}>Seen</button>}</span>
  </li>;
}

export function Alerts({openPalette}: ViewProps) {
  const alerts = useAlerts();
  const state = useSignal<'open' | 'all'>('all');
  const severity = useSignal<'' | Alert['severity']>('');
  const type = useSignal('');
  const acknowledge = (alert: Alert) => api.post(path('api', 'alerts', alert.id, 'acknowledge')).then(
    () => { alerts.refresh(); changed('alerts'); }, sayProblem);
  const all = alerts.data ?? [];
  const types = [...new Set(all.map((each) => each.type))].sort();
  const acknowledgeAll = async () => {
    try {
      for (const each of all.filter(isOpen)) await api.post(path('api', 'alerts', each.id, 'acknowledge'));
      say('All are seen.');
    } catch (error) { sayProblem(error); }
    changed('alerts');
  };
  const check = () => api.post('/api/alerts/check').then(() => { say('All limits are looked at.'); changed('alerts'); }, sayProblem);
  return <>
    <Top title="Alerts" openPalette={openPalette}>
      {may('operator') && <button type="button" class="button" onClick={() => void check()}>Check now</button>}
      {may('operator') && all.some(isOpen) && <button type="button" class="button primary" onClick={() => void acknowledgeAll()}>All seen</button>}
    </Top>
    <div class="chips">
      <Choice label="State" options={states} value={state.value} choose={(value) => { state.value = value; }} />
      <Choice label="Severity" options={severities} value={severity.value} choose={(value) => { severity.value = value; }} />
      {types.length > 1 && <select aria-label="Type" value={type.value} onChange={(event) => { type.value = event.currentTarget.value; }}>
        <option value="">Any type</option>{types.map((each) => <option key={each} value={each}>{wordOf(each)}</option>)}</select>}
    </div>
    <Card title="Alerts" note={alerts.data && <span class="note">{count(all.filter(isOpen).length)} open</span>}>
      <Loaded of={alerts} lines={6}>{(items) => {
        const shown = items.filter((each) => (state.value === 'all' || isOpen(each)) &&
          (!severity.value || each.severity === severity.value) && (!type.value || each.type === type.value));
        if (items.length === 0) return <Empty>There has been no alert. One is raised when a limit nears its end, a price changes, or the store fails.</Empty>;
        if (shown.length === 0) return <Empty>None fits what is chosen above.</Empty>;
        return <ul>{shown.map((each) => <Line key={each.id} alert={each} acknowledge={acknowledge} />)}</ul>;
      }}</Loaded>
    </Card>
    <Delivery />
  </>;
}
