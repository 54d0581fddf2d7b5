// Where the viewer is: "#/usage?model=gpt-4o" in the address, or, in a page of
// another's, kept here alone.
import {signal} from '@preact/signals';

export interface Route { view: string; rest: string[]; query: Record<string, string> }

let embedded = false;

function read(text: string): Route {
  const [where = '', query = ''] = text.replace(/^#?\/?/, '').split('?');
  const [view = '', ...rest] = where.split('/').map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return {view: view || 'dashboard', rest: rest.filter(Boolean), query: Object.fromEntries(new URLSearchParams(query))};
}

export const route = signal<Route>(read(location.hash));

export function embed(): void {
  embedded = true;
  route.value = read('');
}

addEventListener('hashchange', () => { if (!embedded) route.value = read(location.hash); });

export function link(view: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `#/${view}${text ? `?${text}` : ''}`;
}

// Replaces the present entry of the history where `quiet`.
export function go(target: string, quiet = false): void {
  if (embedded) route.value = read(target);
  else if (quiet) {
    history.replaceState(null, '', target);
    route.value = read(target);
  } else location.hash = target;
}

// For links of the page: an embedded console must not touch its host's address.
export function onLink(event: MouseEvent): void {
  const anchor = (event.target as Element | null)?.closest?.('a[href^="#/"]');
  if (!anchor || !embedded) return;
  event.preventDefault();
  go(anchor.getAttribute('href')!);
}
