// Times in the viewer's zone; a budget's own zone is named beside them.
const day = 86_400_000;

const clock = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const shortClock = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit'});
const weekday = new Intl.DateTimeFormat('en-US', {weekday: 'short'});
const date = new Intl.DateTimeFormat('en-US', {month: 'short', day: 'numeric'});
const dateYear = new Intl.DateTimeFormat('en-US', {month: 'short', day: 'numeric', year: 'numeric'});
const month = new Intl.DateTimeFormat('en-US', {month: 'long'});

export const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// 14:47:31.204
export function withMilliseconds(text: string): string {
  const at = new Date(text);
  return `${clock.format(at)}.${at.getMilliseconds().toString().padStart(3, '0')}`;
}

export const hourMinute = (at: Date) => shortClock.format(at);
export const dayName = (at: Date) => weekday.format(at);
export const monthName = (at: Date) => month.format(at);
export const dayOfMonth = (at: Date) => date.format(at);

function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

// 14:47:31 today, Nov 23, 14:47 before.
export function moment(text: string, now = new Date()): string {
  const at = new Date(text);
  if (sameDay(at, now)) return clock.format(at);
  const long = at.getFullYear() === now.getFullYear() ? date : dateYear;
  return `${long.format(at)}, ${shortClock.format(at)}`;
}

// Exact, with the zone, for what is shown on hover.
export function full(text: string, zone = viewerZone): string {
  const written = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium', timeStyle: 'medium', timeZone: zone}).format(new Date(text));
  return `${written} (${zone})`;
}

// 9 h 12 min
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 && days < 7 ? `${days} d ${hours % 24} h` : `${days} d`;
}

// How long ago, in its largest unit.
export function ago(text: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(text)) / 1000));
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

// "in 9 h 12 min", "Mon 00:00", "Dec 1": the nearer, the finer.
export function upcoming(text: string, now: number): string {
  const at = new Date(text);
  const away = at.getTime() - now;
  if (away < day) return `in ${span(away)}`;
  if (away < 7 * day) return `${dayName(at)} ${hourMinute(at)}`;
  return dayOfMonth(at);
}
