// What a view shows of the server: read once, and again when something that it
// depends on has happened. Old figures stay until the new ones are there.
import {useEffect, useRef, useState} from 'preact/hooks';
import {offlineSince, session} from './api';
import {onChange, type Topic} from './live';

export interface Resource<T> {
  data: T | undefined;
  error: Error | undefined;
  loading: boolean;
  refresh: () => void;
}

interface State<T> { key: string; data?: T; error?: Error }

// `key` says what is read: another key, another reading. `topics` are what
// makes it old; then it is read again, one reading at a time, and at most every
// `atMost` milliseconds, so that what is dear to sum is not summed all the time.
export function useResource<T>(key: string, read: () => Promise<T>, topics: Topic[] = [], atMost = 0): Resource<T> {
  const [state, setState] = useState<State<T>>({key});
  const reading = useRef(read);
  reading.current = read;
  const force = useRef(() => {});
  useEffect(() => {
    let alive = true;
    let busy = false;
    let again: 'no' | 'soon' | 'now' = 'no';
    let last = -Infinity;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = (next: (before: State<T>) => State<T>) => { if (alive) setState(next); };
    const start = () => {
      clearTimeout(timer);
      timer = undefined;
      busy = true;
      last = performance.now();
      reading.current().then((data) => take(() => ({key, data})), (error: Error) => {
        if (session.peek() === null) return;
        take((before) => (before.key === key && before.data !== undefined ? {...before, error} : {key, error}));
      }).finally(() => {
        busy = false;
        const next = again;
        again = 'no';
        if (alive && next !== 'no') { if (next === 'now') start(); else later(); }
      });
    };
    const later = () => {
      if (busy) { if (again === 'no') again = 'soon'; return; }
      timer ??= setTimeout(start, Math.max(0, last + atMost - performance.now()));
    };
    force.current = () => { if (busy) again = 'now'; else start(); };
    start();
    const off = onChange(topics, later);
    return () => {
      alive = false;
      clearTimeout(timer);
      off();
    };
  }, [key, topics.join(), atMost]);
  const away = offlineSince.value !== null;
  const wasAway = useRef(away);
  useEffect(() => {
    if (wasAway.current && !away) force.current();
    wasAway.current = away;
  }, [away]);
  const known = state.key === key;
  return {
    data: known ? state.data : undefined,
    error: known ? state.error : undefined,
    loading: !known || (state.data === undefined && state.error === undefined),
    refresh: () => force.current(),
  };
}
