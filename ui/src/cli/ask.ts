// Answers of the analysis, whose shape is its own: text first, then its lists.
import {nano} from '../lib/money';
import type {Cell, Output} from './output';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function cellOf(name: string, value: unknown): Cell {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string' && /^-?\d+\.\d{9}$/.test(value)) return {money: nano(value)};
  if (Array.isArray(value)) return value.map(String).join(', ');
  if (isObject(value)) return Object.entries(value).map(([key, each]) => `${key} ${String(each)}`).join(', ');
  void name;
  return String(value);
}

const title = (name: string) => name.replace(/_/g, ' ').replace(/^./, (first) => first.toUpperCase());

function tableOf(items: Record<string, unknown>[]): Output {
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((name) => !name.endsWith('_nano') &&
    items.some((item) => item[name] !== null && item[name] !== '' && !isObject(item[name]))).slice(0, 7);
  return {kind: 'table', head: names.map(title), rows: items.slice(0, 50).map((item) => names.map((name) => cellOf(name, item[name])))};
}

export function outputsOf(answer: unknown): Output[] {
  if (typeof answer === 'string') return [{kind: 'text', text: answer}];
  if (Array.isArray(answer)) return answer.every(isObject) && answer.length > 0 ? [tableOf(answer)] : [{kind: 'text', text: answer.map(String).join('\n') || 'Nothing.'}];
  if (!isObject(answer)) return [{kind: 'text', text: String(answer)}];
  const outputs: Output[] = [];
  for (const name of ['text', 'answer', 'summary', 'message', 'analysis', 'explanation']) {
    if (typeof answer[name] === 'string' && answer[name]) outputs.push({kind: 'text', text: answer[name]});
  }
  for (const value of Object.values(answer)) {
    if (Array.isArray(value) && value.length > 0) {
      if (value.every(isObject)) outputs.push(tableOf(value));
      else outputs.push({kind: 'text', text: value.map(String).join('\n')});
    }
  }
  if (outputs.length === 0) {
    outputs.push({kind: 'table', head: ['What', 'Is'], rows: Object.entries(answer).filter(([name]) => !name.endsWith('_nano'))
      .map(([name, value]): Cell[] => [title(name), cellOf(name, value)])});
  }
  return outputs;
}
