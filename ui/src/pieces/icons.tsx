// One line weight, sixteen units square.
const paths: Record<string, string> = {
  dashboard: 'M2 13V8M6 13V3M10 13V6M14 13v-3',
  usage: 'M2 4h12M2 8h12M2 12h8',
  budgets: 'M13.5 8a5.5 5.5 0 11-11 0 5.5 5.5 0 0111 0zM8 4.5V8l2.5 1.5',
  alerts: 'M4 11V7a4 4 0 018 0v4l1 1.5H3zM7 14.5h2',
  allocations: 'M2.5 5.5L8 2.5l5.5 3L8 8.5zM2.5 8L8 11l5.5-3M2.5 10.5L8 13.5l5.5-3',
  cli: 'M3 4.5L6.5 8 3 11.5M8 12h5',
  chat: 'M2.5 3.5h11v7h-6l-3 2.5v-2.5h-2z',
  team: 'M8.5 6a2.5 2.5 0 11-5 0 2.5 2.5 0 015 0zM1.5 13c.5-2.5 2-4 4.5-4s4 1.5 4.5 4M10.5 4a2.2 2.2 0 010 4.2M12 9.5c1.5.4 2.3 1.6 2.6 3.5',
};

export function Icon({name}: {name: string}) {
  return <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" aria-hidden="true"><path d={paths[name] ?? ''} /></svg>;
}

export function Mark() {
  return <svg viewBox="0 0 20 20" aria-hidden="true">
    <rect x="1" y="1" width="18" height="18" rx="5" fill="var(--accent)" />
    <path d="M5 13.5h10M5 10h7M5 6.5h4" stroke="var(--accent-ink)" stroke-width="1.8" stroke-linecap="round" />
  </svg>;
}
