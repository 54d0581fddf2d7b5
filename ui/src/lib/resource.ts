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

// `key` says what is read: another key, another reading. `topics` are what
// makes it old.
export function useResource<T>(key: string, read: () => Promise<T>, topics: Topic[] = []): Resource<T> {
  const [state, setState] = useState<{key: string; data?: T; error?: Error}>({key});
  const [turn, setTurn] = useState(0);
  const reading = useRef(read);
  reading.current = read;
  useEffect(() => {
    let current = true;
    reading.current().then(
      (data) => { if (current) setState({key, data}); },
      (error: Error) => {
        if (!current || session.peek() === null) return;
        setState((before) => before.key === key && before.data !== undefined
          ? {...before, error} : {key, error});
      });
    return () => { current = false; };
  }, [key, turn]);
  useEffect(() => onChange(topics, () => setTurn((n) => n + 1)), [topics.join()]);
  const away = offlineSince.value !== null;
  useEffect(() => { if (!away && turn > 0) setTurn((n) => n + 1); }, [away]);
  const known = state.key === key;
  return {
    data: known ? state.data : undefined,
    error: known ? state.error : undefined,
    loading: !known || (state.data === undefined && state.error === undefined),
    refresh: () => setTurn((n) => n + 1),
  };
}
