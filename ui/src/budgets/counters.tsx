// The counters of policies: one line a partition.
import {nano, share} from '../lib/money';
import {count, percent} from '../lib/numbers';
import {link} from '../lib/route';
import {limitWord, partitionWord} from '../lib/words';
import type {Line} from '../lib/types';
import {Badge, Empty, Until} from '../pieces/basics';
import {Meter} from '../pieces/meter';
import {Money} from '../pieces/money';

const shown = 200;

export function Counters({lines, zone, withPolicy = false}: {lines: Line[]; zone: string; withPolicy?: boolean}) {
  if (lines.length === 0) return <Empty>Nothing has been counted in this period.</Empty>;
  const sorted = [...lines].sort((a, b) => (b.percentage ?? 0) - (a.percentage ?? 0));
  return <div class="scroll-x" tabIndex={0} role="region" aria-label="Counters"><table>
    <thead><tr><th>{withPolicy ? 'Policy' : 'Counted for'}</th><th class="num">Spent</th><th class="num">Held</th><th>Of its limit</th>
      <th class="num">Tokens</th><th class="num">Calls</th><th class="num">Resets</th></tr></thead>
    <tbody>{sorted.slice(0, shown).map((line) => {
      const limit = line.limit === null ? null : nano(line.limit);
      const used = Math.round((line.percentage ?? 0) * 100);
      const held = limit === null ? 0 : share(nano(line.reserved), limit);
      return <tr key={line.policy_id + line.partition}>
        <td class="clip">{withPolicy && <a href={link('budgets', {policy: line.policy_id})}>{line.policy}</a>}
          {line.partition ? <span class={withPolicy ? 'dim' : ''} title={line.partition}> {partitionWord(line.partition)}</span> : withPolicy ? '' : 'all calls'}</td>
        <td class="num"><Money value={nano(line.spent)} /></td>
        <td class="num dim"><Money value={nano(line.reserved)} /></td>
        <td class="limit-cell"><span title={limitWord(line)}>{line.percentage === null ? 'no limit' : `${percent(used)} of ${limitWord(line)}`}</span>
          <Meter thin spent={used} held={held} /></td>
        <td class="num dim">{count(line.input_tokens + line.output_tokens)}</td>
        <td class="num dim">{count(line.requests)}</td>
        <td class="num dim">{line.resets_at ? <Until at={line.resets_at} zone={zone} /> : '–'}</td>
      </tr>;
    })}</tbody></table>
    {lines.length > shown && <p class="chart-note">The fullest {shown} of <Badge>{count(lines.length)}</Badge></p>}
  </div>;
}
