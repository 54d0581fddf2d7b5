// Spend of the day, the week and the month, each against its limit.
import {api} from '../lib/api';
import {nano, plain, share, exact} from '../lib/money';
import {now} from '../lib/now';
import {useResource} from '../lib/resource';
import {dayName, full, hourMinute, dayOfMonth} from '../lib/time';
import type {Summary} from '../lib/types';
import {Badge, Until} from '../pieces/basics';
import {Meter} from '../pieces/meter';
import {Money} from '../pieces/money';
import type {Period} from './periods';

function out(at: string): string {
  const date = new Date(at);
  const away = date.getTime() - now.value;
  if (away < 86_400_000) return hourMinute(date);
  if (away < 7 * 86_400_000) return `${dayName(date)} ${hourMinute(date)}`;
  return dayOfMonth(date);
}

function Limited({period, limited}: {period: Period; limited: NonNullable<Period['limited']>}) {
  const {line, policy, budget} = limited;
  const spent = nano(line.spent);
  const held = nano(line.reserved);
  const limit = nano(line.limit!);
  const left = limit - spent - held;
  const mark = policy ? Math.round(policy.warning_threshold * 10_000) : 8000;
  const exhausted = line.forecast?.exhausted_at;
  const over = spent >= limit;
  return <article class="card budget" data-policy={line.policy_id}>
    <div class="label"><span>{period.title}</span><a href={`#/budgets?policy=${encodeURIComponent(line.policy_id)}`} class="soft">{line.policy}</a></div>
    <div class="value"><Money value={spent} /> <small>of <span title={exact(limit)}>{plain(limit)}</span></small></div>
    <Meter spent={share(spent, limit)} held={share(held, limit)} marks={[mark]} warnFrom={mark} />
    <div class="facts">
      {over ? <Badge tone="bad">the limit is reached</Badge>
        : exhausted ? <Badge tone="warn"><span title={full(exhausted)}>out {out(exhausted)} at this rate</span></Badge>
        : <>{held > 0n && <span><Money value={held} /> held</span>}
            {line.forecast && held === 0n && <span title="If it goes on as it went">forecast <Money value={nano(line.forecast.cost)} as="cents" /></span>}
            <span><Money value={left < 0n ? 0n : left} /> left</span></>}
      {line.resets_at && <span>resets <Until at={line.resets_at} zone={budget.timezone} /></span>}
    </div>
  </article>;
}

function Unlimited({period}: {period: Period}) {
  const total = useResource(`total ${period.start.toISOString()}`, () =>
    api.post<Summary>('/api/usage/summary', {start_time: period.start.toISOString()}), ['updates']);
  return <article class="card budget">
    <div class="label"><span>{period.title}</span><span>no limit</span></div>
    <div class="value">{total.data ? <Money value={nano(total.data.total.total_cost)} /> : <span class="skeleton">$0.0000</span>}</div>
    <Meter spent={0} />
    <div class="facts"><a href="#/budgets">Set a limit</a><span title={full(period.start.toISOString(), 'UTC')}>since 00:00 UTC</span></div>
  </article>;
}

export function Heroes({periods}: {periods: Period[]}) {
  return <section class="grid g3" aria-label="Limits">
    {periods.map((period) => period.limited
      ? <Limited key={period.key} period={period} limited={period.limited} />
      : <Unlimited key={period.key} period={period} />)}
  </section>;
}
