// What is refused at this moment, and why: the limits that have no room.
import type {Resource} from '../lib/resource';
import type {BudgetLines} from '../lib/shared';
import type {Line} from '../lib/types';
import {Card, Empty, Loaded, Until} from '../pieces/basics';
import {limitWord, partitionWord} from '../lib/words';

export function isFull(line: Line): boolean {
  if (line.type !== 'hard_limit') return false;
  if ((line.percentage ?? 0) >= 100) return true;
  const {concurrent} = line.limits;
  return concurrent !== undefined && line.in_flight >= concurrent;
}

export function Refusing({lines}: {lines: Resource<BudgetLines[]>; metrics: string | undefined}) {
  return <Card title="Refusing now">
    <Loaded of={lines}>{(all) => {
      const full = all.flatMap(({budget, lines: each}) => each.filter(isFull).map((line) => ({budget, line})));
      if (full.length === 0) return <Empty>No limit is reached: calls that fit are let through.</Empty>;
      return <table><thead><tr><th>Limit</th><th>Why</th><th class="num">Resets</th></tr></thead><tbody>
        {full.slice(0, 8).map(({budget, line}) => <tr key={line.policy_id + line.partition}>
          <td class="wrap"><a href={`#/budgets?policy=${encodeURIComponent(line.policy_id)}`}>{line.policy}</a>
            {line.partition && <span class="dim"> {partitionWord(line.partition)}</span>}</td>
          <td>{limitWord(line)}</td>
          <td class="num dim">{line.resets_at ? <Until at={line.resets_at} zone={budget.timezone} /> : 'never'}</td>
        </tr>)}
      </tbody></table>;
    }}</Loaded>
  </Card>;
}
