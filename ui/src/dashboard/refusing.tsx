// What is refused, and why: what was told of it live, and the limits that have
// no room.
import type {Resource} from '../lib/resource';
import type {BudgetLines} from '../lib/shared';
import type {Line} from '../lib/types';
import {denials, shortReason, watchedSince} from '../lib/denials';
import {count} from '../lib/numbers';
import {link} from '../lib/route';
import {moment} from '../lib/time';
import {Card, Empty, Loaded, Until} from '../pieces/basics';
import {limitWord, partitionWord} from '../lib/words';

export function isFull(line: Line): boolean {
  if (line.type !== 'hard_limit') return false;
  if ((line.percentage ?? 0) >= 100) return true;
  const {concurrent} = line.limits;
  return concurrent !== undefined && line.in_flight >= concurrent;
}

export function Refusing({lines}: {lines: Resource<BudgetLines[]>}) {
  const refused = denials();
  return <Card title="Refused now" note={<span class="note" title={`Calls refused since ${moment(new Date(watchedSince).toISOString())}, when this page was opened`}>last hour</span>}>
    <Loaded of={lines}>{(all) => {
      const full = all.flatMap(({budget, lines: each}) => each.filter(isFull).map((line) => ({budget, line})));
      if (full.length === 0 && refused.length === 0) return <Empty>Nothing: no limit is reached, and no call was refused while you looked.</Empty>;
      return <>
        {refused.length > 0 && <table><thead><tr><th>Component</th><th>Why</th><th class="num">Calls</th></tr></thead><tbody>
          {refused.slice(0, 6).map((each) => <tr key={each.component + each.reason}><td class="clip" title={each.component}>{each.component}</td>
            <td class="wrap" title={each.reason}>{shortReason(each.reason)}</td><td class="num">{count(each.calls)}</td></tr>)}</tbody></table>}
        {full.length > 0 && <table><thead><tr><th>Limit reached</th><th>Of</th><th class="num">Resets</th></tr></thead><tbody>
          {full.slice(0, 6).map(({budget, line}) => <tr key={line.policy_id + line.partition}>
            <td class="wrap"><a href={link('budgets', {policy: line.policy_id})}>{line.policy}</a>
              {line.partition && <span class="dim"> {partitionWord(line.partition)}</span>}</td>
            <td>{limitWord(line)}</td>
            <td class="num dim">{line.resets_at ? <Until at={line.resets_at} zone={budget.timezone} /> : 'never'}</td>
          </tr>)}</tbody></table>}
      </>;
    }}</Loaded>
  </Card>;
}
