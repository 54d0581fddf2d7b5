// One policy: what it says, how full it is, how it was raised.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import {nano, plain} from '../lib/money';
import {count} from '../lib/numbers';
import {useHealth} from '../lib/shared';
import {go, link} from '../lib/route';
import {useResource} from '../lib/resource';
import {may} from '../lib/session';
import {full, moment} from '../lib/time';
import {typeWords} from '../lib/words';
import type {Action, Budget, Line, Page, Policy} from '../lib/types';
import {Badge, Card, Empty, Loaded, type Tone} from '../pieces/basics';
import {Confirm} from '../pieces/dialog';
import {say, sayProblem} from '../pieces/toast';
import {Counters} from './counters';
import {RaiseDialog} from './raise_dialog';
import {sentenceFor} from './sentence';

interface Override {
  id: string; cost_limit: string | null; token_limit: number | null; until: string; reason: string;
  created_by: string; created_at: string; state: string;
}

function actionWord(action: Action): string {
  if (action === 'clamp') return 'shorten the answer to what is left';
  if ('downgrade' in action) return `answer with ${action.downgrade.join(' or ')}`;
  return `wait up to ${Math.round(action.queue_ms / 100) / 10} s`;
}

const tones: Record<string, Tone> = {active: 'warn', superseded: '', ended: ''};

function Overrides({policy, again}: {policy: Policy; again: () => void}) {
  const target = path('api', 'policies', policy.id, 'overrides');
  const list = useResource(target, () => api.get<Page<Override>>(target, {limit: 50}), ['updates']);
  const raising = useSignal(false);
  const end = () => api.remove(target).then(() => { say('The policy’s own limits hold again.'); again(); }, sayProblem);
  return <Card title="Raised or stopped for a time" note={may('operator') && policy.type !== 'ignore' && <button type="button" class="button push"
    onClick={() => { raising.value = true; }}>Raise or stop</button>}>
    <Loaded of={list} lines={1}>{({items}) => items.length === 0 ? <Empty>Never.</Empty> : <>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Raises"><table>
        <thead><tr><th>State</th><th class="num">Limit</th><th>Until</th><th>Why</th><th>By</th><th /></tr></thead>
        <tbody>{items.map((each) => <tr key={each.id}>
          <td><Badge tone={tones[each.state] ?? ''}>{each.state}</Badge></td>
          <td class="num">{[each.cost_limit !== null && plain(nano(each.cost_limit)),
            each.token_limit !== null && `${count(each.token_limit)} tokens`].filter(Boolean).join(', ')}</td>
          <td title={full(each.until)}>{moment(each.until)}</td><td class="wrap">{each.reason}</td><td class="dim">{each.created_by}</td>
          <td class="num">{each.state === 'active' && may('operator') && <button type="button" class="button" onClick={() => void end()}>End it</button>}</td>
        </tr>)}</tbody></table></div></>}</Loaded>
    {raising.value && <RaiseDialog policy={policy} close={() => { raising.value = false; }} done={() => { list.refresh(); again(); }} />}
  </Card>;
}

interface Props { policy: Policy; budget: Budget; lines: Line[]; again: () => void }

export function PolicyView({policy, budget, lines, again}: Props) {
  const removing = useSignal(false);
  const leaving = useSignal(false);  // nothing is read of a policy that may be gone
  const config = useHealth().data?.components['config'] as {file?: string} | undefined;
  const own = policy.source === 'api' && may('operator');
  const remove = () => {
    leaving.value = true;
    return api.remove(path('api', 'policies', policy.id)).then(
      () => { say(`${policy.name} is removed.`); go(link('budgets', {budget: budget.id})); again(); },
      (problem) => { leaving.value = false; sayProblem(problem); });
  };
  const trouble = (policy as Policy & {problem?: string | null}).problem;
  return <>
    <Card title={<span class="wrap">{policy.name} <span class="dim">in {budget.name}</span></span>} note={<span class="row-flex push">
      {may('operator') && <a class="button" href={link('budgets', {make: budget.id})}>New policy</a>}
      {own && <><a class="button" href={link('budgets', {policy: policy.id, edit: '1'})}>Change</a>
        <button type="button" class="button danger" onClick={() => { removing.value = true; }}>Remove</button></>}</span>}>
      <div class="form">
        {trouble && <div class="wrong-box">Not enforced: {trouble}</div>}
        <p class="says">{sentenceFor(policy)}</p>
        <div class="row-flex"><Badge tone={policy.type === 'hard_limit' ? 'accent' : ''}>{typeWords[policy.type]}</Badge>
          {!policy.enabled && <Badge>off</Badge>}{policy.shadow && <Badge>shadow: decides, never acts</Badge>}
          <Badge>warns at {Math.round(policy.warning_threshold * 1000) / 10} %</Badge></div>
        {policy.when_exceeded.length > 0 && <p class="soft">Where a call does not fit: {policy.when_exceeded.map(actionWord).join(', then ')}; then it is refused.</p>}
        {policy.source === 'file' && <p class="dim wrap">Defined in {config?.file ?? 'the configuration file'}; change it there, or raise it for a time here.</p>}
      </div>
    </Card>
    <Card title="Counters"><Counters lines={lines} zone={budget.timezone} /></Card>
    {!leaving.value && <Overrides policy={policy} again={again} />}
    {removing.value && <Confirm title={`Remove ${policy.name}?`} action="Remove it" close={() => { removing.value = false; }} confirm={() => void remove()}
      text="From the next call on it limits nothing. What was counted and recorded stays." />}
  </>;
}
