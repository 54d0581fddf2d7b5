// A sentence of the server's, with its moments in the viewer's zone.
import {full, moment} from '../lib/time';

const instant = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

export const isInstant = (text: string) => instant.test(text);

export function Times({text}: {text: string}) {
  return <>{text.split(instant).map((part, i) => (i % 2 === 1
    ? <time key={i} dateTime={part} title={full(part)}>{moment(part)}</time> : part))}</>;
}
