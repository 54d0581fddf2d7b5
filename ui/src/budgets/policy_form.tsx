// A policy, made or changed, in plain sentences, with what it would have done.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import type {Budget, Policy} from '../lib/types';
import {Card} from '../pieces/basics';
import {Check, Rest, Select, Text, useSending} from '../pieces/form';
import {say} from '../pieces/toast';
import {bodyOf, checkDraft, draftOf, matchFields, perFields, shapeOf, type Draft} from './draft';
import {Preview} from './preview';
import {sentenceFor} from './sentence';

const types = [['hard_limit', 'refused before they are sent'], ['soft_limit', 'shortened, rerouted or refused, but for the important ones'],
  ['warn', 'let through, with a warning'], ['ignore', 'let through, and only counted']] as const;
const periods = [['minute', 'a minute'], ['hourly', 'an hour'], ['daily', 'a day'], ['weekly', 'a week'], ['monthly', 'a month'], ['yearly', 'a year'],
  ['total', 'in all, without end'], ['per_session', 'a session'], ['per_task', 'a task'], ['rolling', 'in any … hours']] as const;
const words: Record<string, string> = {component: 'component', model: 'model', provider: 'provider', task_type: 'task type', user: 'user', tier: 'tier', key: 'key', context: 'context'};
const fieldsShown = ['name', 'budget_id', 'cost_limit', 'token_limit', 'request_limit', 'concurrent_limit', 'period', 'warning_threshold', 'type',
  ...matchFields.map((field) => `match.${field}`), 'per', 'when_exceeded'];

interface Props { budgets: Budget[]; budget: string; policy: Policy | undefined; policies: Policy[]; done: (id: string | null) => void }

export function PolicyForm({budgets, budget, policy, policies, done}: Props) {
  const draft = useSignal<Draft>(draftOf(policy, budget || budgets[0]?.id || ''));
  const etag = useSignal<string | null>(null);
  const sending = useSending();
  const {problems} = sending;
  const set = <K extends keyof Draft>(field: K) => (value: Draft[K]) => { draft.value = {...draft.value, [field]: value}; };
  const now = draft.value;
  const submit = (event: Event) => {
    event.preventDefault();
    void sending.send(async () => {
      const body = bodyOf(now, policy);
      if (policy) {
        etag.value ??= (await api.tagged<Policy>(path('api', 'policies', policy.id))).etag;
        await api.put(path('api', 'policies', policy.id), body, etag.value);
      } else await api.post('/api/policies', {...body, budget_id: now.budget_id});
      say(policy ? `${policy.name} is changed, from the next call on.` : `${now.name} is in force, from the next call on.`);
      done(policy?.id ?? `${now.budget_id}/${now.name.trim()}`);
    }, checkDraft(now, !policy));
  };
  return <Card title={policy ? `Change ${policy.name}` : 'New policy'}>
    <form class="form" onSubmit={submit} noValidate>
      <p class="says" aria-live="polite">{sentenceFor(shapeOf(now, policy))}</p>
      {!policy && <div class="fields">
        <Select label="Budget" value={now.budget_id} set={set('budget_id')} options={budgets.map((each) => [each.id, each.name] as const)} wrong={problems['budget_id']} />
        <Text label="Name" value={now.name} set={set('name')} wrong={problems['name']} hint="Cannot be changed later." /></div>}
      <fieldset><legend>At most</legend><div class="fields">
        <Text label="US dollars" value={now.cost_limit} set={set('cost_limit')} wrong={problems['cost_limit']} inputMode="decimal" placeholder="20.00" />
        <Text label="Tokens" value={now.token_limit} set={set('token_limit')} wrong={problems['token_limit']} inputMode="numeric" />
        <Text label="Calls" value={now.request_limit} set={set('request_limit')} wrong={problems['request_limit']} inputMode="numeric" />
        <Text label="Calls at once" value={now.concurrent_limit} set={set('concurrent_limit')} wrong={problems['concurrent_limit']} inputMode="numeric" />
      </div></fieldset>
      <div class="fields">
        <Select label="Period" value={now.period} set={set('period')} options={periods} wrong={problems['period']} />
        {now.period === 'rolling' && <Text label="Hours" value={now.hours} set={set('hours')} inputMode="decimal" />}
        <Select label="Calls that do not fit are" value={now.type} set={set('type')} options={types} wrong={problems['type']} /></div>
      <fieldset><legend>A counter of its own for each</legend><div class="row-flex">{perFields.map((field) => <Check key={field} label={words[field]!}
        value={now.per.includes(field)} set={(on) => set('per')(on ? [...now.per, field] : now.per.filter((each) => each !== field))} />)}</div>
        {problems['per'] && <span class="wrong">{problems['per']}</span>}</fieldset>
      <details open={Object.values(now.match).some(Boolean)}><summary>Only some calls</summary><div class="fields">{matchFields.map((field) =>
        <Text key={field} label={words[field]!.replace(/^./, (first) => first.toUpperCase())} value={now.match[field]} wrong={problems[`match.${field}`]}
          hint={field === 'model' ? 'Patterns with *, commas between' : undefined}
          set={(value) => set('match')({...now.match, [field]: value})} placeholder="any" />)}</div></details>
      {(now.type === 'hard_limit' || now.type === 'soft_limit') && <details open={now.clamp || !!now.downgrade || !!now.queue}><summary>Before a call is refused</summary><div class="form flush">
        <Check label="Shorten the answer to what is left" value={now.clamp} set={set('clamp')} />
        <div class="fields"><Text label="Answer with another model" value={now.downgrade} set={set('downgrade')} placeholder="gpt-4o-mini" hint="Of the same format, commas between" />
          <Text label="Wait, seconds" value={now.queue} set={set('queue')} wrong={problems['when_exceeded']} inputMode="decimal" hint="For calls in flight to come back" /></div></div></details>}
      <div class="fields"><Text label="Warn at, percent" value={now.warning} set={set('warning')} wrong={problems['warning_threshold']} inputMode="decimal" />
        <fieldset class="field"><legend>State</legend><span class="row-flex"><Check label="On" value={now.enabled} set={set('enabled')} />
          <Check label="Shadow: decide, never act" value={now.shadow} set={set('shadow')} /></span></fieldset></div>
      <Rest problems={problems} shown={fieldsShown} />
      <Preview draft={now} policy={policy} policies={policies} />
      <div class="ends row-flex"><button class="button primary" disabled={sending.busy}>{policy ? 'Save' : 'Put it in force'}</button>
        <button type="button" class="button" onClick={() => done(policy?.id ?? null)}>Cancel</button></div>
    </form>
  </Card>;
}
