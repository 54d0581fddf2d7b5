// The one way to the server.
import {signal} from '@preact/signals';
import type {Page, Session} from './types';

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string,
              readonly details: Record<string, unknown> = {}) {
    super(message);
  }
  // What is wrong with each field, by its name.
  get problems(): Record<string, string> {
    const list = this.details['problems'];
    if (!Array.isArray(list)) return {};
    return Object.fromEntries(list.map((each: {field: string; message: string}) => [each.field, each.message]));
  }
}

// No answer at all: no network, or no server.
export class Unreachable extends Error {
  constructor() { super('Budget cannot be reached.'); }
}

type Query = Record<string, string | number | boolean | null | undefined>;

// Where the server is: '' for the one the page came from.
export const base = signal('');
// undefined: not yet known; null: nobody is logged in.
export const session = signal<Session | null | undefined>(undefined);
// Since when there has been no answer.
export const offlineSince = signal<number | null>(null);

export function path(...parts: string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

export function queryText(query: Query): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return pairs.length === 0 ? '' : '?' + pairs.map(([name, value]) =>
    `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join('&');
}

export function request(method: string, target: string, body?: unknown,
                        extra: Record<string, string> = {}, abort?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {accept: 'application/json', ...extra};
  if (body !== undefined) headers['content-type'] = 'application/json';
  const token = session.peek()?.csrf_token;
  if (method !== 'GET' && token) headers['x-csrf-token'] = token;
  const options: RequestInit = {method, headers, credentials: base.peek() ? 'include' : 'same-origin'};
  if (body !== undefined) options.body = JSON.stringify(body);
  if (abort) options.signal = abort;
  return fetch(base.peek() + target, options).then((answer) => {
    offlineSince.value = null;
    return answer;
  }, (error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    offlineSince.value ??= Date.now();
    throw new Unreachable();
  });
}

export async function failureOf(answer: Response): Promise<ApiError> {
  if (answer.status === 401 && session.peek()) session.value = null;
  try {
    const {error} = await answer.json() as {error: {code: string; message: string; details?: Record<string, unknown>}};
    return new ApiError(answer.status, error.code, error.message, error.details);
  } catch {
    return new ApiError(answer.status, 'internal_error', `The server answered ${answer.status}.`);
  }
}

interface Answer<T> { data: T; etag: string | null }

async function ask<T>(method: string, target: string, body?: unknown,
                      headers?: Record<string, string>): Promise<Answer<T>> {
  const answer = await request(method, target, body, headers);
  if (!answer.ok) throw await failureOf(answer);
  if (answer.status === 204) return {data: undefined as T, etag: null};
  const parsed = await answer.json() as {status?: string; data?: T};
  const data = parsed.status === 'success' ? parsed.data as T : parsed as T;
  return {data, etag: answer.headers.get('etag')};
}

export const api = {
  get: <T>(target: string, query: Query = {}) => ask<T>('GET', target + queryText(query)).then(({data}) => data),
  tagged: <T>(target: string) => ask<T>('GET', target),
  post: <T>(target: string, body: unknown = {}) => ask<T>('POST', target, body).then(({data}) => data),
  put: <T>(target: string, body: unknown, etag?: string | null) =>
    ask<T>('PUT', target, body, etag ? {'if-match': etag} : {}).then(({data}) => data),
  remove: <T>(target: string, etag?: string | null) =>
    ask<T>('DELETE', target, undefined, etag ? {'if-match': etag} : {}).then(({data}) => data),
  async text(target: string): Promise<string> {
    const answer = await request('GET', target, undefined, {accept: '*/*'});
    if (!answer.ok) throw await failureOf(answer);
    return answer.text();
  },
  // Every page of a list that is known to be short.
  async all<T>(target: string, query: Query = {}): Promise<T[]> {
    const items: T[] = [];
    for (let page = 1; ; ++page) {
      const part = await api.get<Page<T>>(target, {...query, limit: 500, page});
      items.push(...part.items);
      if (items.length >= part.total || part.items.length === 0) return items;
    }
  },
};
