// Counts, shares and durations as people read them.
const whole = new Intl.NumberFormat('en-US');

export const count = (value: number) => whole.format(value);

// 318 K; below ten thousand in full.
export function short(value: number): string {
  if (value < 10_000) return count(value);
  for (const [size, unit] of [[1e9, 'B'], [1e6, 'M'], [1e3, 'K']] as const) {
    if (value >= size) {
      const scaled = value / size;
      const cut = scaled < 10 ? Math.floor(scaled * 10) / 10 : Math.floor(scaled);
      return `${cut} ${unit}`;
    }
  }
  return count(value);
}

// Hundredths of a percent.
export function percent(hundredths: number): string {
  return `${Math.floor(hundredths / 10) / 10} %`;
}

export function plural(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

export function milliseconds(value: number): string {
  if (value < 10_000) return `${count(value)} ms`;
  return `${Math.floor(value / 100) / 10} s`;
}

// The middle one.
export function median(values: number[]): number | null {
  if (values.length === 0) return null;
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}
