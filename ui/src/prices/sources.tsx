// Where prices are read from.
import {api} from '../lib/api';
import {count} from '../lib/numbers';
import {useResource} from '../lib/resource';
import type {Page} from '../lib/types';
import {Ago, Badge, Card, Empty, Loaded, type Tone} from '../pieces/basics';
import type {Source} from './types';

const tones: Record<string, Tone> = {ok: 'ok', failing: 'bad', pending: ''};

export function Sources() {
  const sources = useResource('sources', async () => {
    const answer = await api.get<Page<Source> | Source[]>('/api/prices/sources');
    return Array.isArray(answer) ? answer : answer.items;
  }, ['prices']);
  return <Card title="Sources">
    <Loaded of={sources} lines={2}>{(items) => items.length === 0
      ? <Empty>None is configured (prices.sources): prices are those that this version ships with, and what is stated here.</Empty>
      : <div class="scroll-x" tabIndex={0} role="region" aria-label="Sources"><table>
        <thead><tr><th>Source</th><th>State</th><th>From</th><th class="num">Trust</th><th class="num">Models</th><th>Read</th></tr></thead>
        <tbody>{items.map((each) => <tr key={each.name}>
          <td>{each.name}</td><td title={each.error}><Badge tone={tones[each.status] ?? ''}>{each.status}</Badge></td>
          <td class="dim clip" title={each.url || each.file}>{each.url || each.file}</td><td class="num">{String(each.trust)}</td><td class="num">{count(each.models)}</td>
          <td class="dim">{each.succeeded_at ? <><Ago at={each.succeeded_at} /> ago</> : 'never'}{each.error && <div class="bad-ink wrap">{each.error}</div>}</td>
        </tr>)}</tbody></table></div>}</Loaded>
  </Card>;
}
