// What happens at the server, as it happens. A view is told that something has
// changed and reads it again, so that no lost or doubled event can make a
// figure wrong. Without a socket everything is read again every few seconds.
import {effect, signal} from '@preact/signals';
import {base, offlineSince, session} from './api';
import {openFeed, type Feed, type FeedEvent} from './socket';

export type Topic = 'updates' | 'alerts' | 'allocations' | 'prices';
const topics: Topic[] = ['updates', 'alerts', 'allocations', 'prices'];

// As many as there is a feed for; with less than all, there is polling.
export const connected = signal(false);

const quiet = 400;        // views are told at most this often, in milliseconds
const pollEvery = 4000;

interface Watcher { topics: Topic[]; tell: () => void }
const watchers = new Set<Watcher>();
const hearers = new Set<(event: FeedEvent) => void>();
const waiting = new Set<Topic>();
let timer: ReturnType<typeof setTimeout> | undefined;

function flush(): void {
  timer = undefined;
  if (document.hidden) return;  // told when the page is looked at again
  const now = new Set(waiting);
  waiting.clear();
  for (const {topics: wanted, tell} of [...watchers]) if (wanted.some((topic) => now.has(topic))) tell();
}

function note(topic: Topic): void {
  waiting.add(topic);
  timer ??= setTimeout(flush, quiet);
}

export function onChange(wanted: Topic[], tell: () => void): () => void {
  const watcher = {topics: wanted, tell};
  watchers.add(watcher);
  return () => { watchers.delete(watcher); };
}

// Every event, each once, in order within its topic.
export function onEvent(hear: (event: FeedEvent) => void): () => void {
  hearers.add(hear);
  return () => { hearers.delete(hear); };
}

export function changed(...which: Topic[]): void {
  for (const topic of which) note(topic);
}

let feeds: Feed[] = [];

function open(): void {
  const up = new Set<Topic>();
  feeds = topics.map((topic) => openFeed({
    topic,
    event: (event) => {
      for (const hear of hearers) hear(event);
      note(topic);
    },
    state: (isUp) => {
      if (isUp) up.add(topic); else up.delete(topic);
      // What happened while it was away, beyond what the feed makes up for.
      if (isUp) note(topic);
      connected.value = up.size === topics.length;
    },
  }));
}

function close(): void {
  for (const feed of feeds) feed.close();
  feeds = [];
  connected.value = false;
}

// Follows the session: a feed as long as somebody is logged in.
export function follow(): void {
  effect(() => {
    void base.value;
    if (session.value) open(); else close();
    return close;
  });
  setInterval(() => {
    if (!connected.peek() && session.peek() && !document.hidden) changed(...topics);
  }, pollEvery);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) changed(...topics); });
  addEventListener('online', () => { changed(...topics); });
  addEventListener('offline', () => { offlineSince.value ??= Date.now(); });
}
