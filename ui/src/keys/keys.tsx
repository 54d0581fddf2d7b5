// Proxy keys: who may call, as whom, for what. A secret is shown once.
import {useSignal} from '@preact/signals';
import {api, path} from '../lib/api';
import {link} from '../lib/route';
import {useResource} from '../lib/resource';
import {full, moment} from '../lib/time';
import type {Page} from '../lib/types';
import {Ago, Badge, Card, Empty, Loaded, type Tone} from '../pieces/basics';
import {Confirm} from '../pieces/dialog';
import {sayProblem, say} from '../pieces/toast';
import {KeyDialog, SecretDialog} from './key_dialog';

export interface Key {
  id: string; state: string; name: string; component: string; user: string; tags: Record<string, string>;
  providers: string[]; models: string[]; may_set: string[]; expires_at: string | null;
  created_by: string; created_at: string; rotated_at: string | null; revoked_at: string | null; key?: string;
}

const tones: Record<string, Tone> = {active: 'ok', expired: 'warn', revoked: ''};

function pinned(key: Key): string {
  return [key.component && `as ${key.component}`, key.user && `for ${key.user}`,
    key.providers.length > 0 && `at ${key.providers.join(', ')}`, key.models.length > 0 && `with ${key.models.join(', ')}`]
    .filter(Boolean).join(', ') || 'anything';
}

export function Keys() {
  const keys = useResource('keys', () => api.get<Page<Key>>('/api/keys', {limit: 500}), ['updates']);
  const making = useSignal(false);
  const secret = useSignal<Key | null>(null);
  const asking = useSignal<{key: Key; what: 'rotate' | 'revoke'} | null>(null);
  const rotate = (key: Key) => api.post<Key>(path('api', 'keys', key.id, 'rotate')).then(
    (made) => { secret.value = made; keys.refresh(); }, sayProblem);
  const revoke = (key: Key) => api.remove(path('api', 'keys', key.id)).then(
    () => { say(`${key.name} is revoked.`); keys.refresh(); }, sayProblem);
  const asked = asking.value?.key;
  const rotateIt = () => { if (asked) void rotate(asked); };
  const revokeIt = () => { if (asked) void revoke(asked); };
  return <Card title="Proxy keys" note={<button type="button" class="button primary push" onClick={() => { making.value = true; }}>New key</button>}>
    <Loaded of={keys} lines={5}>{({items}) => items.length === 0
      ? <Empty>No key has been made. Callers on this machine need none.</Empty>
      : <div class="scroll-x" tabIndex={0} role="region" aria-label="Keys"><table>
        <thead><tr><th>Name</th><th>State</th><th>Calls</th><th>Ends</th><th>Made</th><th><span class="hidden">Do</span></th></tr></thead>
        <tbody>{items.map((key) => <tr key={key.id}>
          <td class="clip"><a href={link('usage', {key: key.id})} title="Its calls">{key.name}</a> <span class="mono dim">{key.id}</span></td>
          <td><Badge tone={tones[key.state] ?? ''}>{key.state}</Badge></td>
          <td class="clip" title={pinned(key)}>{pinned(key)}</td>
          <td class="dim">{key.expires_at ? <span title={full(key.expires_at)}>{moment(key.expires_at)}</span> : 'never'}</td>
          <td class="dim"><Ago at={key.created_at} /> ago by {key.created_by}</td>
          <td class="num">{key.state !== 'revoked' && <span class="row-flex ends">
            <button type="button" class="button" onClick={() => { asking.value = {key, what: 'rotate'}; }}>Rotate</button>
            <button type="button" class="button danger" onClick={() => { asking.value = {key, what: 'revoke'}; }}>Revoke</button></span>}</td>
        </tr>)}</tbody></table></div>}</Loaded>
    {making.value && <KeyDialog close={() => { making.value = false; }} made={(key) => { secret.value = key; keys.refresh(); }} />}
    {secret.value && <SecretDialog made={secret.value} close={() => { secret.value = null; }} />}
    {asking.value?.what === 'rotate' && <Confirm title={`A new secret for ${asking.value.key.name}?`} action="Rotate it" close={() => { asking.value = null; }}
      confirm={rotateIt} text="The old secret is void at once: whoever calls with it is refused." />}
    {asking.value?.what === 'revoke' && <Confirm title={`Revoke ${asking.value.key.name}?`} action="Revoke it" close={() => { asking.value = null; }}
      confirm={revokeIt} text="Whoever calls with it is refused from now on. It cannot be taken back." />}
  </Card>;
}
