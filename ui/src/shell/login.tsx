// By admin key; the key is sent once and not kept.
import {useSignal} from '@preact/signals';
import {useEffect, useRef} from 'preact/hooks';
import {ApiError} from '../lib/api';
import {logIn} from '../lib/session';
import {sentenceOf} from '../pieces/basics';
import {Mark} from '../pieces/icons';

export function Login({titled}: {titled: boolean}) {
  const problem = useSignal('');
  const busy = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => { if (titled) document.title = 'Log in · Budget'; field.current?.focus(); }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const key = field.current!.value.trim();
    if (!key) { problem.value = 'Type or paste an admin key.'; return; }
    busy.value = true;
    try {
      await logIn(key);
    } catch (error) {
      problem.value = error instanceof ApiError && error.status === 401
        ? 'This key is not known here.' : sentenceOf(error as Error);
      busy.value = false;
      field.current?.select();
    }
  };
  return <main class="login" aria-label="Log in"><form onSubmit={submit} noValidate>
    <h1 class="brand"><Mark />Budget</h1>
    <div class="field">
      <label for="key">Admin key</label>
      <input ref={field} id="key" type="password" autocomplete="current-password" spellcheck={false}
             aria-invalid={problem.value !== ''} aria-describedby="key-note" />
      <span id="key-note" class={problem.value ? 'wrong' : 'hint'} role={problem.value ? 'alert' : undefined}>
        {problem.value || 'Where none is configured, it is in admin.key in the store’s folder.'}</span>
    </div>
    <button class="button primary" disabled={busy.value}>{busy.value ? 'Logging in' : 'Log in'}</button>
  </form></main>;
}
