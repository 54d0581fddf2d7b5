// How an alert is named.
import type {Alert} from '../lib/types';
import {Badge, type Tone} from './basics';

const words: Record<string, string> = {
  threshold: 'Threshold', budget_exceeded: 'Exceeded', price_change: 'Price', price_conflict: 'Price',
  price_source: 'Source', forecast: 'Forecast', anomaly: 'Anomaly', overrun: 'Overrun', unpriced: 'Unpriced',
  drift: 'Drift', store_failure: 'Store',
};
const tones: Record<string, Tone> = {error: 'bad', warning: 'warn', info: ''};

export const wordOf = (type: string) => words[type] ?? type;
export function AlertBadge({alert}: {alert: Alert}) {
  return <Badge tone={tones[alert.severity] ?? ''}>{wordOf(alert.type)}</Badge>;
}
