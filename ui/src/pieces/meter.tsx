// What is spent (solid), held (hatched) and left (empty) of a limit.
import {percent} from '../lib/numbers';

interface Props {
  spent: number;  // hundredths of a percent of the limit
  held?: number;
  marks?: number[];
  warnFrom?: number;
  thin?: boolean;
}

export function toneOf(used: number, warnFrom = 8000): '' | 'warn' | 'bad' {
  return used >= 10_000 ? 'bad' : used >= warnFrom ? 'warn' : '';
}

export function Meter({spent, held = 0, marks = [], warnFrom = 8000, thin = false}: Props) {
  const first = Math.min(spent, 10_000);
  const second = Math.min(held, 10_000 - first);
  return <div class={`meter ${toneOf(spent + held, warnFrom)} ${thin ? 'thin' : ''}`} role="img"
              aria-label={`${percent(spent)} spent${held > 0 ? `, ${percent(held)} held` : ''}`}>
    <i style={{width: `${first / 100}%`}} />
    {second > 0 && <i class="held" style={{width: `${second / 100}%`}} />}
    {marks.map((mark) => <b key={mark} style={{left: `${mark / 100}%`}} />)}
  </div>;
}
