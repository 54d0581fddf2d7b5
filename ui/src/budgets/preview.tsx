// What the policy would have made of the last seven days, beside what today's
// policies would have made of them.
import {useEffect} from 'preact/hooks';
import {useSignal} from '@preact/signals';
import {api, ApiError} from '../lib/api';
import {nano} from '../lib/money';
import {count, plural} from '../lib/numbers';
import {useResource} from '../lib/resource';
import type {Policy} from '../lib/types';
import {sentenceOf, Skeleton} from '../pieces/basics';
import {Money} from '../pieces/money';
import {bodyOf, checkDraft, type Draft} from './draft';

interface Counts { calls: number; allowed: number; warned: number; clamped: number; downgraded: number; denied: number; shadow_denied: number; saved: string }
interface Simulation { start_time: string; end_time: string; records: number; truncated: boolean; total: Counts }

const kinds = [['allowed', 'var(--ok)'], ['warned', 'var(--c3)'], ['clamped', 'var(--c4)'], ['downgraded', 'var(--c2)'], ['denied', 'var(--bad)']] as const;

// The server runs one at a time.
async function simulate(body: unknown, tries = 8): Promise<Simulation> {
  try {
    return await api.post<Simulation>('/api/policies/simulate', body);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'conflict' || tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 400));
    return simulate(body, tries - 1);
  }
}

function Bar({name, of}: {name: string; of: Counts}) {
  const parts = kinds.map(([kind, colour]) => ({kind, colour, calls: of[kind]})).filter(({calls}) => calls > 0);
  return <div class="part"><span class="soft">{name}</span>
    <div class="stack" role="img" aria-label={parts.map(({kind, calls}) => `${count(calls)} ${kind}`).join(', ') || 'no calls'}>
      {parts.map(({kind, colour, calls}) => <i key={kind} style={{width: `${(calls * 100) / Math.max(of.calls, 1)}%`, background: colour}} />)}</div>
    <div class="keys-list">{parts.map(({kind, colour, calls}) => <span key={kind} style={{'--dot': colour}}>{count(calls)} {kind}</span>)}
      {of.shadow_denied > 0 && <span style={{'--dot': 'var(--c5)'}}>{count(of.shadow_denied)} would be denied (shadow)</span>}</div></div>;
}

export function Preview({draft, policy, policies}: {draft: Draft; policy: Policy | undefined; policies: Policy[]}) {
  const named = {...draft, name: draft.name.trim() || 'new-policy'};
  const valid = Object.keys(checkDraft(named, !policy)).length === 0;
  const now = JSON.stringify({...bodyOf(named, policy), budget_id: draft.budget_id});
  const settled = useSignal(now);
  useEffect(() => {
    const timer = setTimeout(() => { settled.value = now; }, 700);
    return () => clearTimeout(timer);
  }, [now]);
  const taken = policies.some((each) => !policy && each.id === `${draft.budget_id}/${named.name}`);
  const key = valid && !taken ? settled.value : '';
  const result = useResource(`simulate ${key}`, async () => {
    if (!key) return null;
    const start_time = new Date(Date.now() - 7 * 86_400_000).toISOString();
    const today = await simulate({start_time});
    return {today, then: await simulate({start_time, policies: [JSON.parse(key) as unknown]})};
  });
  const {data} = result;
  return <section class="part" aria-label="Preview"><h3>What this would have done in the last 7 days</h3>
    {!key ? <p class="dim">{taken ? 'There is a policy of this name already.' : 'Shown as soon as the policy is whole.'}</p>
      : result.error ? <p class="dim">{sentenceOf(result.error)}</p>
      : !data ? <Skeleton lines={2} />
      : data.then.records === 0 ? <p class="dim">No call was recorded in these days.</p>
      : <><Bar name="With this policy" of={data.then.total} /><Bar name="With today’s policies" of={data.today.total} />
          <p class="dim">{plural(data.then.records, 'call')} played again{data.then.truncated ? ', the latest of more' : ''}.
            {nano(data.then.total.saved) > nano(data.today.total.saved) && <> It would have kept back <Money value={nano(data.then.total.saved) - nano(data.today.total.saved)} />.</>}</p></>}
  </section>;
}
