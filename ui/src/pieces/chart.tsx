// A line chart on uPlot, with its figures as a table beside it.
import type {ComponentChildren} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import uPlot from 'uplot';
import {colours} from '../lib/theme';
import {dayName, dayOfMonth, hourMinute} from '../lib/time';

export interface ChartSeries {
  name: string;
  colour: string;  // the name of a token
  values: (number | null)[];
  dashed?: boolean;
  dotted?: boolean;
  told?: string;   // written on the line
  fill?: boolean;
}

interface Props {
  label: string;
  times: number[];  // seconds
  series: ChartSeries[];
  height?: number;
  top?: number;     // the end of the scale
  axis: (value: number) => string;
  point: (index: number) => {title: string; lines: string[]};
  rows: {head: string[]; cells: string[][]};
  note?: ComponentChildren;
}

interface Tip { left: number; top: number; title: string; lines: string[] }

// Hours of a day, days of a week, dates of more.
function tickOf(seconds: number, span: number): string {
  const at = new Date(seconds * 1000);
  if (span <= 2 * 86_400) return hourMinute(at);
  return at.getHours() !== 0 || at.getMinutes() !== 0 ? '' : span <= 10 * 86_400 ? dayName(at) : dayOfMonth(at);
}

// At the left end of a line, above it: what grows is low there.
function write(u: uPlot, index: number, text: string, colour: string, font: string): void {
  const value = Array.from<number | null | undefined>(u.data[index]!).findLast((each) => each !== null && each !== undefined);
  if (value === null || value === undefined) return;
  const {ctx} = u;
  ctx.save();
  ctx.font = font.replace('11px', `${11 * devicePixelRatio}px`);
  ctx.fillStyle = colour;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillText(text, u.bbox.left + 4 * devicePixelRatio, u.valToPos(value, 'y', true) - 3 * devicePixelRatio);
  ctx.restore();
}

function optionsOf({series, height = 220, top, axis}: Props, width: number, host: HTMLElement,
                   move: (u: uPlot) => void): uPlot.Options {
  const style = getComputedStyle(host);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const font = `11px ${token('--font')}`;
  const line = {stroke: token('--line'), width: 1};
  const ticks = {show: false};
  return {
    width, height, padding: [10, 12, 0, 0],
    legend: {show: false},
    cursor: {y: false, drag: {x: false, y: false}, points: {size: 7}},
    scales: {y: {range: (_u, _min, max) => [0, top ?? (max > 0 ? max * 1.1 : 1)]}},
    axes: [
      {stroke: token('--ink-3'), font, grid: {show: false}, ticks, size: 26, space: 60, values: (u, values) => {
        const span = (u.scales['x']!.max ?? 0) - (u.scales['x']!.min ?? 0);
        return values.map((value) => tickOf(value, span));
      }},
      {stroke: token('--ink-3'), font, grid: line, ticks, size: 58, values: (_u, values) => values.map(axis)},
    ],
    series: [{}, ...series.map((each): uPlot.Series => {
      const stroke = token(each.colour);
      const options: uPlot.Series = {label: each.name, stroke, width: each.dashed || each.dotted ? 1.5 : 2, points: {show: false}, spanGaps: false};
      if (each.dashed) options.dash = [5, 4];
      if (each.dotted) options.dash = [1, 4];
      if (each.fill) options.fill = stroke + '1a';
      return options;
    })],
    hooks: {setCursor: [move], draw: [(u) => series.forEach((each, i) => { if (each.told) write(u, i + 1, each.told, token(each.colour), font); })]},
  };
}

export function Chart(props: Props) {
  const {label, times, series, rows} = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [tip, setTip] = useState<Tip | null>(null);
  const data = [times, ...series.map((each) => each.values)] as uPlot.AlignedData;
  const shape = [series.map((each) => each.name + each.colour).join(), props.height, props.top, colours.value].join('|');
  useEffect(() => {
    const element = host.current!;
    const make = () => new uPlot(optionsOf(latest.current, element.clientWidth, element, (u) => {
      const index = u.cursor.idx;
      if (index === null || index === undefined || u.cursor.left === undefined || u.cursor.left < 0) { setTip(null); return; }
      const told = latest.current.point(index);
      const left = u.valToPos(u.data[0][index]!, 'x') + u.bbox.left / devicePixelRatio;
      setTip({...told, left, top: 12});
    }), data, element);
    plot.current = make();
    const watch = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && plot.current && width !== plot.current.width) plot.current.setSize({width, height: plot.current.height});
    });
    watch.observe(element);
    return () => { watch.disconnect(); plot.current?.destroy(); plot.current = undefined; setTip(null); };
  }, [shape]);
  useEffect(() => { plot.current?.setData(data); }, [JSON.stringify(data)]);
  const right = tip && host.current && tip.left > host.current.clientWidth / 2;
  return <div class="chart">
    <div ref={host} role="img" aria-label={label} />
    {tip && <div class="tip" style={right ? {right: `calc(100% - ${tip.left + 6}px)`, top: `${tip.top}px`} : {left: `${tip.left + 28}px`, top: `${tip.top}px`}}>
      <span class="dim">{tip.title}</span>{tip.lines.map((text, i) => i === 0 ? <b key={i}>{text}</b> : <div key={i}>{text}</div>)}
    </div>}
    {props.note && <span class="beside">{props.note}</span>}
    <details><summary>View as table</summary><div tabIndex={0} role="region" aria-label={`${label}, as a table`}><table>
      <thead><tr>{rows.head.map((name, i) => <th key={name} class={i ? 'num' : ''}>{name}</th>)}</tr></thead>
      <tbody>{rows.cells.map((cells, r) => <tr key={r}>{cells.map((cell, i) => <td key={i} class={i ? 'num' : ''}>{cell}</td>)}</tr>)}</tbody>
    </table></div></details>
  </div>;
}
