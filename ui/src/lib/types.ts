// What the API answers, under its own names (docs/api.md). Amounts are decimal
// strings: read them with money.ts, never as numbers.
export type Role = 'viewer' | 'operator' | 'admin';
export type Usd = string;

export interface Page<T> { items: T[]; total: number; page: number; limit: number }

export interface Session { name: string; role: Role; csrf_token?: string; expires_at?: string }

export interface Budget {
  id: string; name: string; owner: string; description: string; timezone: string;
  is_active: boolean; policies: string[]; source: string;
}

export interface Limits {
  cost?: Usd; tokens?: number; input_tokens?: number; output_tokens?: number; requests?: number;
  concurrent?: number;
}

export type PolicyType = 'ignore' | 'warn' | 'soft_limit' | 'hard_limit';

export interface Line {
  policy_id: string; policy: string; type: PolicyType; period: string; partition: string;
  window_start: string | null; resets_at: string | null;
  spent: Usd; reserved: Usd; limit: Usd | null; remaining: Usd | null; percentage: number | null;
  input_tokens: number; output_tokens: number; reserved_tokens: number; requests: number;
  in_flight: number; limits: Limits; forecast: {cost: Usd; exhausted_at: string | null} | null;
}

export type Action = 'clamp' | {downgrade: string[]} | {queue_ms: number};
export type Match = Partial<Record<
  'provider' | 'model' | 'component' | 'tier' | 'task_type' | 'user' | 'key' | 'operation', string[]>>
  & {tags?: Record<string, string[]>};

export interface Policy {
  id: string; budget_id: string; name: string; type: PolicyType; period: string;
  reset_day: number | string | null; rolling_seconds: number | null; match: Match; per: string[];
  cost_limit: Usd | null; token_limit: number | null; input_token_limit: number | null;
  output_token_limit: number | null; request_limit: number | null; concurrent_limit: number | null;
  warning_threshold: number; action_threshold: number; when_exceeded: Action[];
  clamp_min_tokens: number; reserve: string; stream_overrun: string; on_client_abort: string;
  on_store_failure: string; shadow: boolean; deny_status: number; priority_bypass: number | null;
  enabled: boolean; source: string;
}

export interface UsageRecord {
  record_id: string; request_id: string; timestamp: string; ended_at: string; component: string;
  context_id: string; task_id: string; task_type: string; user: string;
  tags: Record<string, string>; priority: number; key_id: string; allocation_id: string;
  provider: string; model: string; requested_model: string; operation: string; stream: boolean;
  status: number; decision: string; input_tokens: number; cache_read_tokens: number;
  cache_write_tokens: number; output_tokens: number; reasoning_tokens: number;
  audio_input_tokens: number; audio_output_tokens: number; total_tokens: number; images: number;
  seconds: number; input_cost: Usd; output_cost: Usd; total_cost: Usd; price_id: string;
  usage_source: string; estimated: boolean; unpriced: boolean; policies: string[];
  latency_ms: number; time_to_first_byte_ms: number; upstream_request_id: string; error: string;
}

export interface Sums {
  requests: number; input_tokens: number; output_tokens: number; total_tokens: number;
  cache_read_tokens: number; cache_write_tokens: number; reasoning_tokens: number;
  estimated: number; input_cost: Usd; output_cost: Usd; total_cost: Usd;
}
export interface Summary { total: Sums; groups: (Sums & {group: Record<string, string>})[] }
export interface Series {
  bucket: string; start_time: string; end_time: string; group_by: string[];
  points: (Sums & {time: string; group?: Record<string, string>})[];
}

export interface Alert {
  id: string; type: string; severity: 'info' | 'warning' | 'error'; message: string; policy_id: string;
  budget_id: string; partition: string; component: string; model: string; timestamp: string;
  acknowledged: boolean; acknowledged_by: string | null; acknowledged_at: string | null;
}
