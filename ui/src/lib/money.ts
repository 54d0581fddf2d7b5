// Money as integers of nano-USD. Nothing here is a floating-point number, and
// what is shown is cut, never rounded up: $19.99999 of $20 is not $20.
export type Nano = bigint;

const per = 1_000_000_000n;

// "12.4831", as the API writes it: at most nine places.
export function nano(text: string): Nano {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (!match) throw new Error(`not an amount: ${text}`);
  const value = BigInt(match[2]!) * per + BigInt((match[3] ?? '').padEnd(9, '0'));
  return match[1] ? -value : value;
}

export function nanoOr(text: string | null | undefined): Nano | null {
  return text === null || text === undefined || text === '' ? null : nano(text);
}

function grouped(whole: bigint): string {
  return whole.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

function written(value: Nano, places: number): string {
  const size = value < 0n ? -value : value;
  const fraction = (size % per).toString().padStart(9, '0').slice(0, places);
  return `${value < 0n ? '−' : ''}$${grouped(size / per)}${places ? '.' : ''}${fraction}`;
}

// All nine places.
export function exact(value: Nano): string {
  return written(value, 9);
}

function cut(value: Nano, places: number): string {
  const size = value < 0n ? -value : value;
  // What would be cut away whole is shown whole.
  if (size > 0n && size < 10n ** BigInt(9 - places)) return exact(value).replace(/0+$/, '');
  return written(value, places);
}

// A sum: four places. One call: six. An estimate: two.
export const sum = (value: Nano) => cut(value, 4);
export const call = (value: Nano) => cut(value, 6);
export const cents = (value: Nano) => cut(value, 2);

// A limit, a price: what it says, with at least two places.
export function plain(value: Nano): string {
  const [whole, fraction] = exact(value).split('.') as [string, string];
  return `${whole}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`;
}

// What a person types: "20", "$1,000.50"; null when it is no amount.
export function typed(text: string): Nano | null {
  const bare = text.trim().replace(/^\$/, '').replace(/,/g, '');
  return /^\d+(\.\d{1,9})?$/.test(bare) ? nano(bare) : null;
}

// As the API reads it.
export function decimal(value: Nano): string {
  return exact(value).replace(/[$,]/g, '').replace('−', '-').replace(/\.?0+$/, '') || '0';
}

// How much `part` is of `whole`, in hundredths of a percent, cut.
export function share(part: Nano, whole: Nano): number {
  return whole > 0n ? Number((part * 10_000n) / whole) : 0;
}

// For the position of a pixel, never for a figure.
export const position = (value: Nano) => Number(value) / 1e9;
