// Answers of the command line: text, tables, small bars.
import {exact, sum} from '../lib/money';
import {Money} from '../pieces/money';

export type Cell = string | {money: bigint} | {call: bigint} | {link: string; text: string};
export type Output =
  | {kind: 'text'; text: string}
  | {kind: 'error'; text: string}
  | {kind: 'table'; head: string[]; rows: Cell[][]; right?: number[]}
  | {kind: 'bars'; bars: {name: string; value: bigint}[]};

function Piece({of}: {of: Cell}) {
  if (typeof of === 'string') return <>{of}</>;
  if ('money' in of) return <Money value={of.money} />;
  if ('call' in of) return <Money value={of.call} as="call" />;
  return <a href={of.link}>{of.text}</a>;
}

function Table({of}: {of: Extract<Output, {kind: 'table'}>}) {
  const right = new Set(of.right ?? []);
  return <div class="scroll-x" tabIndex={0} role="region" aria-label="Answer"><table>
    <thead><tr>{of.head.map((name, i) => <th key={name} class={right.has(i) ? 'num' : ''}>{name}</th>)}</tr></thead>
    <tbody>{of.rows.map((row, r) => <tr key={r}>{row.map((cell, i) => <td key={i} class={right.has(i) ? 'num' : ''}><Piece of={cell} /></td>)}</tr>)}</tbody>
  </table></div>;
}

const width = 40;

// One character is a fortieth of the most.
function Bars({bars}: {bars: {name: string; value: bigint}[]}) {
  const most = bars.reduce((high, {value}) => (value > high ? value : high), 1n);
  const long = Math.min(32, Math.max(...bars.map(({name}) => name.length)));
  return <pre class="bars" role="img" tabIndex={0} aria-label={bars.map(({name, value}) => `${name} ${exact(value)}`).join(', ')}>
    {bars.map(({name, value}) => `${name.padEnd(long).slice(0, long)}  ${'█'.repeat(Math.max(value > 0n ? 1 : 0, Number((value * BigInt(width)) / most))).padEnd(width, ' ')}  ${sum(value)}\n`).join('')}</pre>;
}

export function Shown({of}: {of: Output}) {
  if (of.kind === 'table') return <Table of={of} />;
  if (of.kind === 'bars') return <Bars bars={of.bars} />;
  return <p class={`cli-text ${of.kind === 'error' ? 'bad-ink' : ''}`}>{of.text}</p>;
}
