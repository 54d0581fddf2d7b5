// The pages of a long list, read as they come into sight.
import {useEffect, useRef, useState} from 'preact/hooks';
import {api} from '../lib/api';
import type {Page, UsageRecord} from '../lib/types';

export const pageSize = 100;
const kept = 60;  // pages in memory

export interface Pages {
  total: number | undefined;
  error: Error | undefined;
  row: (index: number) => UsageRecord | undefined;
  want: (from: number, to: number) => void;
  retry: () => void;
}

// `key` names the list: another key, another list.
export function usePages(key: string, query: Record<string, string>): Pages {
  const [, redraw] = useState(0);
  const list = useRef({key: '', pages: new Map<number, UsageRecord[]>(), asked: new Set<number>(),
                       total: undefined as number | undefined, error: undefined as Error | undefined});
  if (list.current.key !== key) {
    list.current = {key, pages: new Map(), asked: new Set(), total: undefined, error: undefined};
  }
  const read = (page: number) => {
    const own = list.current;
    if (own.pages.has(page) || own.asked.has(page) || own.error) return;
    own.asked.add(page);
    api.get<Page<UsageRecord>>('/api/usage/records', {...query, limit: pageSize, page}).then((part) => {
      own.total = part.total;
      own.pages.set(page, part.items);
      if (own.pages.size > kept) own.pages.delete(own.pages.keys().next().value!);
    }, (error: Error) => { own.error = error; }).finally(() => {
      own.asked.delete(page);
      if (own === list.current) redraw((n) => n + 1);
    });
  };
  useEffect(() => read(1), [key]);
  return {
    total: list.current.total,
    error: list.current.error,
    row: (index) => list.current.pages.get(Math.floor(index / pageSize) + 1)?.[index % pageSize],
    want: (from, to) => {
      for (let page = Math.floor(from / pageSize) + 1; page <= Math.floor(to / pageSize) + 1; ++page) read(page);
    },
    retry: () => { list.current.error = undefined; read(1); redraw((n) => n + 1); },
  };
}
