// One topic's WebSocket, opened again whenever it breaks.
import {base} from './api';

export interface FeedEvent {
  type: string; topic: string; data: Record<string, unknown>; timestamp: string; id?: number;
}

export interface Feed { close: () => void }

const firstWait = 500;
const longestWait = 15_000;

interface FeedOptions {
  topic: string;
  event: (event: FeedEvent) => void;
  state: (up: boolean) => void;
}

// Asks for what came after the last event it has seen, and drops what it has
// seen already. Where events are gone it is told so ("gap"), as an event.
export function openFeed({topic, event, state}: FeedOptions): Feed {
  let socket: WebSocket | undefined;
  let wait = firstWait;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let last: number | undefined;
  let up = false;
  let closed = false;

  function address(): string {
    const origin = new URL(base.peek() || '/', location.href);
    origin.protocol = origin.protocol === 'https:' ? 'wss:' : 'ws:';
    const prefix = origin.pathname.replace(/\/$/, '');
    return `${origin.origin}${prefix}/ws/budget/${topic}${last === undefined ? '' : `?last_event_id=${last}`}`;
  }

  function take(text: string): void {
    let message: FeedEvent;
    try { message = JSON.parse(text) as FeedEvent; } catch { return; }
    if (!message || typeof message.type !== 'string') return;
    if (message.type === 'heartbeat') {
      // The first one says that the key is known.
      last = Math.max(last ?? 0, message.id ?? 0);
      if (!up) { up = true; wait = firstWait; state(true); }
      return;
    }
    if (message.id !== undefined) {
      if (last !== undefined && message.id <= last) return;
      last = message.id;
    }
    event(message);
  }

  function connect(): void {
    retry = undefined;
    const opened = new WebSocket(address());
    socket = opened;
    opened.onmessage = ({data}) => { if (typeof data === 'string') take(data); };
    opened.onclose = () => {
      if (closed) return;
      up = false;
      state(false);
      retry = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(longestWait, wait * 2);
    };
  }
  connect();
  return {
    close: () => {
      closed = true;
      if (retry) clearTimeout(retry);
      socket?.close();
    },
  };
}
