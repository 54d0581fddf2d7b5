// Who is logged in. The key is shown once and forgotten; what stays is a cookie
// that no script can read.
import {api, ApiError, holdKey, request, session} from './api';
import type {Role, Session} from './types';

const order: Role[] = ['viewer', 'operator', 'admin'];

export function may(role: Role): boolean {
  const own = session.value?.role;
  return own !== undefined && order.indexOf(own) >= order.indexOf(role);
}

// That a cookie may be there, which a script cannot see.
const hint = 'budget.session';

export async function resume(): Promise<void> {
  if (!localStorage.getItem(hint)) { session.value = null; return; }
  try {
    session.value = await api.get<Session>('/api/session');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    localStorage.removeItem(hint);
    session.value = null;
  }
}

export async function logIn(key: string): Promise<void> {
  try {
    session.value = await api.post<Session>('/api/session', {key});
    localStorage.setItem(hint, '1');
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === 'authentication_error' && error.status === 429) throw error;
    await probe(key);
  }
}

// A server without sessions: the key stays in this page's memory.
async function probe(key: string): Promise<void> {
  holdKey(key);
  try {
    await api.get('/api/budgets', {limit: 1});
  } catch (error) {
    holdKey(null);
    throw error;
  }
  const admin = await api.get('/api/keys', {limit: 1}).then(() => true, () => false);
  session.value = {name: admin ? 'admin' : 'key', role: admin ? 'admin' : 'operator'};
}

// For a page of another origin, where the cookie does not go: the key goes with
// every request, and is gone with the page.
export async function hold(key: string): Promise<void> {
  holdKey(key);
  try {
    session.value = await api.get<Session>('/api/session');
  } catch (error) {
    holdKey(null);
    throw error;
  }
}

export async function logOut(): Promise<void> {
  await request('DELETE', '/api/session').catch(() => undefined);
  holdKey(null);
  localStorage.removeItem(hint);
  session.value = null;
}
