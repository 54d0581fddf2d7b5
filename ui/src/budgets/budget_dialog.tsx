// Makes a budget, or changes one that was made here.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import {viewerZone} from '../lib/time';
import type {Budget} from '../lib/types';
import {Dialog} from '../pieces/dialog';
import {Rest, Text, useSending} from '../pieces/form';
import {say} from '../pieces/toast';

interface Props { budget?: Budget; close: () => void; done: (id: string) => void }

export function BudgetDialog({budget, close, done}: Props) {
  const name = useSignal(budget?.name ?? '');
  const owner = useSignal(budget?.owner ?? '');
  const description = useSignal(budget?.description ?? '');
  const timezone = useSignal(budget?.timezone ?? 'UTC');
  const sending = useSending();
  const {problems} = sending;
  const submit = (event: Event) => {
    event.preventDefault();
    void sending.send(async () => {
      const body = {owner: owner.value, description: description.value, timezone: timezone.value};
      if (budget) {
        const {etag} = await api.tagged<Budget>(path('api', 'budgets', budget.id));
        await api.put(path('api', 'budgets', budget.id), body, etag);
      } else await api.post('/api/budgets', {...body, name: name.value.trim()});
      say(budget ? `${budget.name} is changed.` : `${name.value} is made. Give it a policy.`);
      close();
      done(budget?.id ?? name.value.trim());
    }, !budget && !name.value.trim() ? {name: 'is required'} : {});
  };
  return <Dialog label={budget ? 'Change a budget' : 'New budget'} close={close}>
    <form onSubmit={submit} noValidate>
      <h2>{budget ? `Change ${budget.name}` : 'New budget'}</h2>
      {!budget && <Text label="Name" value={name.value} set={(value) => { name.value = value; }} wrong={problems['name']} hint="Cannot be changed later." />}
      <Text label="Owner" value={owner.value} set={(value) => { owner.value = value; }} wrong={problems['owner']} />
      <Text label="What it is for" value={description.value} set={(value) => { description.value = value; }} wrong={problems['description']} />
      <Text label="Time zone" value={timezone.value} set={(value) => { timezone.value = value; }} wrong={problems['timezone']}
            hint={`Days begin at its midnight. You are in ${viewerZone}.`} />
      <Rest problems={problems} shown={['name', 'owner', 'description', 'timezone']} />
      <div class="ends"><button type="button" class="button" onClick={close}>Cancel</button>
        <button class="button primary" disabled={sending.busy}>{budget ? 'Save' : 'Make it'}</button></div>
    </form>
  </Dialog>;
}
