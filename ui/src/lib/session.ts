// Who is logged in. The key is shown once and forgotten; what stays is a cookie
// that no script can read.
import {api, ApiError, request, session} from './api';
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
  session.value = await api.post<Session>('/api/session', {key});
  localStorage.setItem(hint, '1');
}

export async function logOut(): Promise<void> {
  await request('DELETE', '/api/session').catch(() => undefined);
  localStorage.removeItem(hint);
  session.value = null;
}
