// Makes a key, and shows its secret the one time there is.
import {useSignal} from '@preact/signals';
import {api} from '../lib/api';
import {Dialog} from '../pieces/dialog';
import {listOf, Rest, Text, useSending} from '../pieces/form';
import {say} from '../pieces/toast';
import type {Key} from './keys';

export function KeyDialog({close, made}: {close: () => void; made: (key: Key) => void}) {
  const name = useSignal('');
  const component = useSignal('');
  const user = useSignal('');
  const providers = useSignal('');
  const models = useSignal('');
  const days = useSignal('');
  const sending = useSending();
  const {problems} = sending;
  const submit = (event: Event) => {
    event.preventDefault();
    const wrong: Record<string, string> = {};
    if (!name.value.trim()) wrong['name'] = 'is required';
    if (days.value && !(Number(days.value) > 0)) wrong['expires_at'] = 'Days, more than none; empty for never.';
    void sending.send(async () => {
      const body: Record<string, unknown> = {name: name.value.trim(), component: component.value.trim(), user: user.value.trim()};
      if (listOf(providers.value).length > 0) body['providers'] = listOf(providers.value);
      if (listOf(models.value).length > 0) body['models'] = listOf(models.value);
      if (days.value) body['expires_at'] = new Date(Date.now() + Number(days.value) * 86_400_000).toISOString();
      const key = await api.post<Key>('/api/keys', body);
      close();
      made(key);
    }, wrong);
  };
  return <Dialog label="New key" close={close}>
    <form onSubmit={submit} noValidate>
      <h2>New key</h2>
      <Text label="Name" value={name.value} set={(value) => { name.value = value; }} wrong={problems['name']} hint="For people: whose it is." />
      <div class="fields">
        <Text label="Component" value={component.value} set={(value) => { component.value = value; }} wrong={problems['component']} placeholder="any" />
        <Text label="User" value={user.value} set={(value) => { user.value = value; }} wrong={problems['user']} placeholder="any" /></div>
      <div class="fields">
        <Text label="Providers" value={providers.value} set={(value) => { providers.value = value; }} wrong={problems['providers']} placeholder="all" />
        <Text label="Models" value={models.value} set={(value) => { models.value = value; }} wrong={problems['models']} placeholder="all" hint="Patterns, commas between" /></div>
      <Text label="Ends after, days" value={days.value} set={(value) => { days.value = value; }} wrong={problems['expires_at']} placeholder="never" inputMode="numeric" />
      <Rest problems={problems} shown={['name', 'component', 'user', 'providers', 'models', 'expires_at']} />
      <div class="ends"><button type="button" class="button" onClick={close}>Cancel</button>
        <button class="button primary" disabled={sending.busy}>Make it</button></div>
    </form>
  </Dialog>;
}

export function SecretDialog({made, close}: {made: Key; close: () => void}) {
  const copied = useSignal(false);
  const copy = () => navigator.clipboard.writeText(made.key ?? '').then(
    () => { copied.value = true; }, () => say('Select it and copy it by hand.'));
  return <Dialog label="The key" close={close}>
    <div>
      <h2>{made.name}</h2>
      <p class="soft">This is the only time the key is shown. Callers use it where the provider’s own key would go.</p>
      <div class="secret"><code tabIndex={0}>{made.key}</code><button type="button" class="button" onClick={() => void copy()}>{copied.value ? 'Copied' : 'Copy'}</button></div>
      <div class="ends"><button type="button" class="button primary" onClick={close}>I have it</button></div>
    </div>
  </Dialog>;
}
