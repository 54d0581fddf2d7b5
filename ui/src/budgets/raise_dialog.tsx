// Another limit for a time, or none at all.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import {decimal, nano, plain, typed} from '../lib/money';
import {count} from '../lib/numbers';
import type {Policy} from '../lib/types';
import {Choice} from '../pieces/basics';
import {Dialog} from '../pieces/dialog';
import {Rest, Text, useSending} from '../pieces/form';
import {say} from '../pieces/toast';

const lengths = [['1', '1 h'], ['4', '4 h'], ['24', '1 day'], ['168', '1 week']] as const;

export function RaiseDialog({policy, close, done}: {policy: Policy; close: () => void; done: () => void}) {
  const cost = useSignal('');
  const tokens = useSignal('');
  const reason = useSignal('');
  const hours = useSignal<typeof lengths[number][0]>('4');
  const sending = useSending();
  const {problems} = sending;
  const byTokens = policy.cost_limit === null;
  const submit = (event: Event) => {
    event.preventDefault();
    const wrong: Record<string, string> = {};
    const amount = typed(cost.value);
    const number = /^\d+$/.test(tokens.value.replace(/,/g, '')) ? Number(tokens.value.replace(/,/g, '')) : null;
    if (!byTokens && amount === null) wrong['cost_limit'] = 'An amount such as 40.00; 0 stops the policy’s calls.';
    if (byTokens && number === null) wrong['token_limit'] = 'A whole number; 0 stops the policy’s calls.';
    if (!reason.value.trim()) wrong['reason'] = 'Say why; it is kept.';
    void sending.send(async () => {
      const until = new Date(Date.now() + Number(hours.value) * 3_600_000).toISOString();
      const limit = byTokens ? {token_limit: number} : {cost_limit: decimal(amount!)};
      await api.post(path('api', 'policies', policy.id, 'overrides'), {...limit, until, reason: reason.value.trim()});
      say(`${policy.name} has another limit until then.`);
      close();
      done();
    }, wrong);
  };
  return <Dialog label="Raise or stop" close={close}>
    <form onSubmit={submit} noValidate>
      <h2>Raise or stop {policy.name}</h2>
      {byTokens
        ? <Text label="Tokens" value={tokens.value} set={(value) => { tokens.value = value; }} wrong={problems['token_limit']}
            hint={policy.token_limit === null ? '0 stops its calls.' : `Now ${count(policy.token_limit)}. 0 stops its calls.`} inputMode="numeric" />
        : <Text label="US dollars" value={cost.value} set={(value) => { cost.value = value; }} wrong={problems['cost_limit']}
            hint={`Now ${plain(nano(policy.cost_limit!))}. 0 stops its calls.`} inputMode="decimal" />}
      <div class="field"><span class="name">For</span><Choice label="For" options={lengths} value={hours.value} choose={(value) => { hours.value = value; }} /></div>
      <Text label="Why" value={reason.value} set={(value) => { reason.value = value; }} wrong={problems['reason']} />
      <Rest problems={problems} shown={['cost_limit', 'token_limit', 'reason']} />
      <div class="ends"><button type="button" class="button" onClick={close}>Cancel</button>
        <button class="button primary" disabled={sending.busy}>Set it</button></div>
    </form>
  </Dialog>;
}
