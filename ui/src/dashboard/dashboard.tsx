// Everything at a glance: what is spent of each limit, where it goes, what is
// refused, what happened last.
import {useSignal} from '@preact/signals';
import {api} from '../lib/api';
import {plural} from '../lib/numbers';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import {metric, useLines, usePolicies} from '../lib/shared';
import {Loaded, Skeleton} from '../pieces/basics';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';
import {AlertsCard} from './alerts_card';
import {Latest} from './latest';
import {Heroes} from './heroes';
import {periodsOf, type PeriodKey} from './periods';
import {Refusing} from './refusing';
import {SpendCard} from './spend_card';
import {Stats} from './stats';
import {Where} from './where';

export const useMetrics = () => useResource('metrics', () => api.text('/metrics'), ['updates'], 1000);

export function Dashboard({openPalette}: ViewProps) {
  const period = useSignal<PeriodKey>('weekly');
  const lines = useLines();
  const policies = usePolicies();
  const metrics = useMetrics();
  const inFlight = metrics.data === undefined ? undefined : metric(metrics.data, 'budget_holds_open');
  const both = {
    data: lines.data && policies.data ? periodsOf(lines.data, policies.data) : undefined,
    error: lines.error ?? policies.error,
    loading: lines.loading || policies.loading,
    refresh: () => { lines.refresh(); policies.refresh(); },
  };
  return <>
    <Top title="Dashboard" openPalette={openPalette}
         state={inFlight === undefined ? undefined : `${plural(inFlight, 'call')} in flight`}>
      {may('operator') && <a class="button primary" href="#/budgets?make=">New policy</a>}
    </Top>
    <Loaded of={both} lines={4}>{(periods) => <Heroes periods={periods} />}</Loaded>
    <Stats metrics={metrics.data} />
    <section class="grid g21">
      {both.data ? <SpendCard periods={both.data} chosen={period} /> : <div class="card"><Skeleton lines={6} /></div>}
      <Refusing lines={lines} />
    </section>
    <section class="grid g21">
      <Where />
      <AlertsCard />
    </section>
    <Latest />
  </>;
}
