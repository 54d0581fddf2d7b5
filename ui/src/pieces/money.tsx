// An amount: short to read, whole on hover, and with all its digits for those
// who compare.
import {call, cents, exact, plain, sum, type Nano} from '../lib/money';

const ways = {sum, call, plain, cents};

interface Props { value: Nano; as?: keyof typeof ways; free?: boolean }

export function Money({value, as = 'sum', free = false}: Props) {
  return <span title={exact(value)} data-nano={value.toString()}>{free && value === 0n ? 'free' : ways[as](value)}</span>;
}
