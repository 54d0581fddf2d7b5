// Prices as the API tells them: rates are decimal strings of USD.
export interface Rates { usd_per_million_tokens: Record<string, string>; usd_per_unit: Record<string, string> }
export interface Price {
  price_id: string; provider: string; model: string; rates: Rates;
  long_context: {above_input_tokens: number; rates: Rates}[]; service_tiers: Record<string, Rates>;
  context_window: number | null; max_output_tokens: number | null; source: string;
  effective_from: string | null; verified: boolean; free: boolean; manual?: boolean; ended?: string | null;
}
export interface Source {
  name: string; format: string; url: string; file: string; trust: number | string; status: string; error: string;
  succeeded_at: string | null; models: number; refresh_seconds?: number;
}

// "2.5" as a price: at least two places, never more digits than it says.
export function rate(text: string | undefined): string {
  if (text === undefined) return '–';
  const [whole = '0', fraction = ''] = text.split('.');
  return `$${whole}.${fraction.padEnd(2, '0')}`;
}
