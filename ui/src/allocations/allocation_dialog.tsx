// Sets tokens aside.
import {useSignal} from '@preact/signals';
import {api} from '../lib/api';
import {useResource} from '../lib/resource';
import type {Budget} from '../lib/types';
import {Dialog} from '../pieces/dialog';
import {Rest, Select, Text, useSending} from '../pieces/form';
import {say} from '../pieces/toast';

const fields = ['context_id', 'tokens_allocated', 'component', 'provider', 'model', 'task_type', 'budget_id'] as const;

export function AllocationDialog({close, done}: {close: () => void; done: () => void}) {
  const values = useSignal<Record<string, string>>({});
  const budgets = useResource('budgets', () => api.all<Budget>('/api/budgets'));
  const sending = useSending();
  const {problems} = sending;
  const bind = (field: string) => ({value: values.value[field] ?? '', wrong: problems[field],
    set: (value: string) => { values.value = {...values.value, [field]: value}; }});
  const submit = (event: Event) => {
    event.preventDefault();
    const get = (field: string) => (values.peek()[field] ?? '').trim();
    const tokens = Number(get('tokens_allocated').replace(/,/g, ''));
    const hours = Number(get('hours'));
    const wrong: Record<string, string> = {};
    if (!get('context_id')) wrong['context_id'] = 'is required';
    if (!Number.isSafeInteger(tokens) || tokens <= 0) wrong['tokens_allocated'] = 'A whole number, more than none.';
    if (get('hours') && !(hours > 0)) wrong['expiration_time'] = 'Hours, more than none; empty for never.';
    void sending.send(async () => {
      const body: Record<string, unknown> = {tokens_allocated: tokens};
      for (const field of fields) if (field !== 'tokens_allocated' && get(field)) body[field] = get(field);
      if (get('hours')) body['expiration_time'] = new Date(Date.now() + hours * 3_600_000).toISOString();
      await api.post('/api/allocations', body);
      say(`Tokens are set aside for ${get('context_id')}.`);
      close();
      done();
    }, wrong);
  };
  return <Dialog label="Set tokens aside" close={close}>
    <form onSubmit={submit} noValidate>
      <h2>Set tokens aside</h2>
      <Text label="Context" {...bind('context_id')} />
      <div class="fields"><Text label="Tokens" inputMode="numeric" {...bind('tokens_allocated')} hint="Input and output together" />
        <Text label="Ends after, hours" inputMode="decimal" {...bind('hours')} wrong={problems['expiration_time']} placeholder="never" /></div>
      <div class="fields"><Text label="Component" {...bind('component')} placeholder="any" /><Text label="Task type" {...bind('task_type')} placeholder="any" /></div>
      <div class="fields"><Text label="Provider" {...bind('provider')} /><Text label="Model" {...bind('model')} hint="With one, its cost is set aside too" /></div>
      <Select label="Of the budget" {...bind('budget_id')} options={[['', 'every one that applies'], ...(budgets.data ?? []).map((each) => [each.id, each.name] as const)]} />
      <Rest problems={problems} shown={[...fields, 'expiration_time']} />
      <div class="ends"><button type="button" class="button" onClick={close}>Cancel</button>
        <button class="button primary" disabled={sending.busy}>Set aside</button></div>
    </form>
  </Dialog>;
}
