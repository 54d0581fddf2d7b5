// The pages of a long list, read as they come into sight.
import {useEffect, useState} from 'preact/hooks';
import {api} from '../lib/api';
import type {Page, UsageRecord} from '../lib/types';

export const pageSize = 100;
const kept = 60;    // pages in memory
const atOnce = 3;   // what was scrolled past meanwhile is not read

export interface Pages {
  total: number | undefined;
  error: Error | undefined;
  row: (index: number) => UsageRecord | undefined;
  want: (from: number, to: number) => void;
  retry: () => void;
}

class List {
  pages = new Map<number, UsageRecord[]>();
  asked = new Set<number>();
  total: number | undefined;
  error: Error | undefined;
  first = 1;
  last = 1;
  constructor(readonly query: Record<string, string>, readonly changed: () => void) {}

  // Reads what is in sight and not there.
  pump(): void {
    for (let page = this.first; page <= this.last && this.asked.size < atOnce && !this.error; ++page) {
      if (!this.pages.has(page) && !this.asked.has(page)) this.read(page);
    }
  }

  private read(page: number): void {
    this.asked.add(page);
    api.get<Page<UsageRecord>>('/api/usage/records', {...this.query, limit: pageSize, page}).then((part) => {
      this.total = part.total;
      this.pages.set(page, part.items);
      if (this.pages.size > kept) this.pages.delete(this.pages.keys().next().value!);
    }, (error: Error) => { this.error = error; }).finally(() => {
      this.asked.delete(page);
      this.changed();
      this.pump();
    });
  }
}

// `key` names the list: another key, another list.
export function usePages(key: string, query: Record<string, string>): Pages {
  const [, redraw] = useState(0);
  const [list, setList] = useState<List | null>(null);
  useEffect(() => {
    let current = true;
    const made = new List(query, () => { if (current) redraw((n) => n + 1); });
    setList(made);
    made.pump();
    return () => { current = false; };
  }, [key]);
  return {
    total: list?.total,
    error: list?.error,
    row: (index) => list?.pages.get(Math.floor(index / pageSize) + 1)?.[index % pageSize],
    want: (from, to) => {
      if (!list) return;
      list.first = Math.floor(from / pageSize) + 1;
      list.last = Math.floor(to / pageSize) + 1;
      list.pump();
    },
    retry: () => {
      if (!list) return;
      list.error = undefined;
      list.pump();
      redraw((n) => n + 1);
    },
  };
}
