// Left, every budget with its policies and how full they are; right, the one
// that is chosen.
import {useSignal} from '@preact/signals';
import {api} from '../lib/api';
import {changed} from '../lib/live';
import {go, link, route} from '../lib/route';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import {readLines, type BudgetLines} from '../lib/shared';
import type {Line, Policy} from '../lib/types';
import {Badge, Empty, Loaded} from '../pieces/basics';
import {Meter} from '../pieces/meter';
import {BudgetDialog} from './budget_dialog';
import {BudgetView} from './budget_view';
import {PolicyForm} from './policy_form';
import {PolicyView} from './policy_view';

interface Everything { all: BudgetLines[]; policies: Policy[] }

async function readAll(): Promise<Everything> {
  const [all, policies] = await Promise.all([readLines(), api.all<Policy>('/api/policies')]);
  return {all, policies};
}

export const fullest = (lines: Line[]): number =>
  lines.reduce((most, line) => Math.max(most, Math.round((line.percentage ?? 0) * 100)), 0);

function Branch({budget, lines, policies, chosen}: BudgetLines & {policies: Policy[]; chosen: string | undefined}) {
  const own = policies.filter((policy) => policy.budget_id === budget.id);
  return <li>
    <a class="leaf top" href={link('budgets', {budget: budget.id})} {...(chosen === budget.id ? {'aria-current': true as const} : {})}>
      <span class="wrap">{budget.name}</span><span class="dim">{budget.source === 'file' ? 'file' : ''}</span></a>
    <ul>{own.map((policy) => {
      const used = fullest(lines.filter((line) => line.policy_id === policy.id));
      return <li key={policy.id}><a class="leaf" href={link('budgets', {policy: policy.id})} {...(chosen === policy.id ? {'aria-current': true as const} : {})}>
        <span class={policy.enabled ? '' : 'dim'}>{policy.name}{!policy.enabled && ' · off'}</span>
        {policy.shadow && <Badge>shadow</Badge>}
        <Meter thin spent={used} warnFrom={Math.round(policy.warning_threshold * 10_000)} /></a></li>;
    })}</ul>
  </li>;
}

export function Tree() {
  const everything = useResource('tree', readAll, ['updates']);
  const making = useSignal(false);
  const {policy, budget, make, edit} = route.value.query;
  return <Loaded of={everything} lines={6}>{({all, policies}) => {
    const chosenPolicy = policies.find((each) => each.id === policy) ?? (!budget && !make ? policies[0] : undefined);
    const chosenBudget = all.find((each) => each.budget.id === (budget ?? chosenPolicy?.budget_id));
    const gone = policy !== undefined && chosenPolicy === undefined;
    const again = () => { changed('updates'); everything.refresh(); };
    return <div class="two">
      <div class="card tree"><div class="tree-head"><h2>Budgets</h2>
        {may('operator') && <button type="button" class="button push" onClick={() => { making.value = true; }}>New budget</button>}</div>
        {all.length === 0 && <Empty>There is no budget yet, so nothing is limited.</Empty>}
        <ul>{all.map((each) => <Branch key={each.budget.id} {...each} policies={policies}
          chosen={chosenPolicy && !make ? chosenPolicy.id : chosenBudget?.budget.id} />)}</ul></div>
      <div class="side">
        {make !== undefined || (edit !== undefined && chosenPolicy)
          ? <PolicyForm key={`${edit ?? ''} ${make ?? ''}`} budgets={all.map((each) => each.budget)} budget={make || chosenBudget?.budget.id || ''}
              policy={make === undefined ? chosenPolicy : undefined} policies={policies}
              done={(id) => { again(); go(link('budgets', id ? {policy: id} : {})); }} />
          : gone ? <div class="card"><Empty>There is no policy {policy}. It may have been removed just now.</Empty></div>
          : chosenPolicy && chosenBudget ? <PolicyView policy={chosenPolicy} budget={chosenBudget.budget}
              lines={chosenBudget.lines.filter((line) => line.policy_id === chosenPolicy.id)} again={again} />
          : chosenBudget ? <BudgetView {...chosenBudget} policies={policies.filter((each) => each.budget_id === chosenBudget.budget.id)} again={again} />
          : <div class="card"><Empty>Choose a budget, or make one.</Empty></div>}
      </div>
      {making.value && <BudgetDialog close={() => { making.value = false; }}
        done={(id) => { again(); go(link('budgets', {budget: id})); }} />}
    </div>;
  }}</Loaded>;
}
