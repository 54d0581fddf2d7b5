// One budget: what it is, and its policies at a glance.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import {go, link} from '../lib/route';
import {may} from '../lib/session';
import type {Budget, Line, Policy} from '../lib/types';
import {Badge, Card, Empty} from '../pieces/basics';
import {Confirm} from '../pieces/dialog';
import {say, sayProblem} from '../pieces/toast';
import {BudgetDialog} from './budget_dialog';
import {Counters} from './counters';

interface Props { budget: Budget; lines: Line[]; policies: Policy[]; again: () => void }

export function BudgetView({budget, lines, policies, again}: Props) {
  const open = useSignal<'' | 'edit' | 'remove'>('');
  const close = () => { open.value = ''; };
  const own = budget.source === 'api' && may('operator');
  const remove = () => api.remove(path('api', 'budgets', budget.id)).then(
    () => { say(`${budget.name} is removed. What was recorded stays.`); go('#/budgets'); again(); }, sayProblem);
  return <>
    <Card title={<span class="wrap">{budget.name}</span>} note={<span class="row-flex push">
      {may('operator') && <a class="button" href={link('budgets', {make: budget.id})}>New policy</a>}
      {own && <><button type="button" class="button" onClick={() => { open.value = 'edit'; }}>Change</button>
        <button type="button" class="button danger" onClick={() => { open.value = 'remove'; }}>Remove</button></>}</span>}>
      <div class="form"><dl class="facts-list">
        {budget.description && <><dt>For</dt><dd>{budget.description}</dd></>}
        {budget.owner && <><dt>Owner</dt><dd>{budget.owner}</dd></>}
        <dt>Time zone</dt><dd>{budget.timezone}</dd>
        <dt>Defined in</dt><dd>{budget.source === 'file' ? <>the configuration file <Badge>read only</Badge></> : 'the console or the API'}</dd>
      </dl></div>
    </Card>
    <Card title="Counters">{policies.length === 0
      ? <Empty>It has no policy, so it limits nothing.{may('operator') && <a class="button primary" href={link('budgets', {make: budget.id})}>New policy</a>}</Empty>
      : <Counters lines={lines} zone={budget.timezone} withPolicy />}</Card>
    {open.value === 'edit' && <BudgetDialog budget={budget} close={close} done={again} />}
    {open.value === 'remove' && <Confirm title={`Remove ${budget.name}?`} action="Remove it" close={close} confirm={() => void remove()}
      text="Its policies are removed with it and limit nothing from the next call on. What was counted and recorded stays." />}
  </>;
}
