// The spend of a period as it grew, against its limit and where it is headed.
import type {Signal} from '@preact/signals';
import {api} from '../lib/api';
import {exact, nano, plain, position, sum} from '../lib/money';
import {useResource} from '../lib/resource';
import {full, moment} from '../lib/time';
import type {Series} from '../lib/types';
import {Card, Choice, Loaded} from '../pieces/basics';
import {Chart, type ChartSeries} from '../pieces/chart';
import type {Period, PeriodKey} from './periods';

interface Grown { times: number[]; spent: bigint[] }

const hour = 3_600_000;

async function readGrowth(period: Period): Promise<Grown> {
  // Whole hours; before the period's first whole one there is none.
  const series = await api.get<Series>('/api/usage/timeseries', {
    bucket: 'hour', start_time: period.start.toISOString(),
    policy_id: period.limited?.line.policy_id ?? ''});
  const times = [period.start.getTime() / 1000];
  const spent = [0n];
  let total = 0n;
  const now = Date.now();
  for (const point of series.points) {
    total += nano(point.total_cost);
    const end = Math.min(Date.parse(point.time) + hour, now);
    if (end / 1000 <= times[times.length - 1]!) { spent[spent.length - 1] = total; continue; }
    times.push(end / 1000);
    spent.push(total);
  }
  return {times, spent};
}

interface Drawn { times: number[]; series: ChartSeries[]; top: number; amounts: (bigint | null)[]; limit: bigint | null; above: boolean }

// The forecast goes on in a straight line to the period's end.
function drawn(period: Period, grown: Grown): Drawn {
  const line = period.limited?.line;
  const limit = line ? nano(line.limit!) : null;
  const times = [...grown.times];
  const last = grown.spent[grown.spent.length - 1]!;
  const end = period.end.getTime() / 1000;
  const forecast = line?.forecast ? nano(line.forecast.cost) : null;
  const whole = times.length;
  const open = end > times[whole - 1]!;
  if (open) times.push(end);
  const highest = Math.max(position(last), forecast === null ? 0 : position(forecast));
  // A limit far above would press the line flat; its amount is told instead.
  const above = limit !== null && highest > 0 && position(limit) > 4 * highest;
  const top = (limit !== null && !above ? Math.max(highest, position(limit)) : highest) * 1.08 || 1;
  const series: ChartSeries[] = [
    {name: 'spent', colour: '--c1', fill: true, values: times.map((_, i) => i < whole ? position(grown.spent[i]!) : null)},
  ];
  if (forecast !== null && open) {
    series.push({name: 'forecast', colour: '--c1', dashed: true,
                 values: times.map((_, i) => i === whole - 1 ? position(last) : i === whole ? position(forecast) : null)});
  }
  if (limit !== null && !above) series.push({name: 'limit', colour: '--bad', dotted: true, told: `limit ${plain(limit)}`, values: times.map(() => position(limit))});
  return {times, series, top, limit, above,
          amounts: times.map((_, i) => i < whole ? grown.spent[i]! : forecast)};
}

function Drawing({period, grown}: {period: Period; grown: Grown}) {
  const {times, series, top, amounts, limit, above} = drawn(period, grown);
  const whole = grown.times.length;
  const last = grown.spent[whole - 1]!;
  const note = limit === null ? 'no limit' : `limit ${plain(limit)}`;
  const when = (index: number) => moment(new Date(times[index]! * 1000).toISOString());
  return <Chart label={`Spend of ${period.title.toLowerCase()}, ${sum(last)} so far, ${note}`} times={times} series={series} top={top}
      axis={(value) => value === 0 ? '$0' : top < 0.1 ? `$${value.toFixed(3)}` : top < 5 ? `$${value.toFixed(2)}` : `$${Math.round(value * 100) / 100}`}
      point={(index) => {
        const amount = amounts[index];
        if (amount === null || amount === undefined) return {title: when(index), lines: ['–']};
        const lines = [exact(amount)];
        if (limit !== null) lines.push(amount <= limit ? `${sum(limit - amount)} below the limit` : `${sum(amount - limit)} above the limit`);
        return {title: index < whole ? when(index) : `${when(index)} · forecast`, lines};
      }}
      note={above && limit !== null ? <><span class="bad-ink">limit {plain(limit)}</span> is far above what is drawn</> : undefined}
      rows={{head: ['Until', 'Spent'], cells: grown.times.map((time, i) => [full(new Date(time * 1000).toISOString()), exact(grown.spent[i]!)])}} />;
}

const names: [PeriodKey, string][] = [['daily', 'Day'], ['weekly', 'Week'], ['monthly', 'Month']];

export function SpendCard({periods, chosen}: {periods: Period[]; chosen: Signal<PeriodKey>}) {
  const period = periods.find(({key}) => key === chosen.value) ?? periods[0]!;
  const growth = useResource(`growth ${period.key} ${period.start.toISOString()} ${period.limited?.line.policy_id ?? ''}`,
                             () => readGrowth(period), ['updates'], 5000);
  const limit = period.limited ? `the ${{daily: 'daily', weekly: 'weekly', monthly: 'monthly'}[period.key]} limit` : '';
  return <Card title={limit ? `Spend against ${limit}` : 'Spend'}
               note={<Choice label="Period" options={names} value={chosen.value} choose={(key) => { chosen.value = key; }} />}>
    <Loaded of={growth} lines={6}>{(grown) => <Drawing period={period} grown={grown} />}</Loaded>
  </Card>;
}
