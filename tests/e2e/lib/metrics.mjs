// The text of /metrics, and what docs/metrics.md says of it.
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../../..');

// {types: {name: type}, samples: {'name{labels}': text}}
export function parsed(text) {
  const types = {};
  const samples = {};
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type) types[type[1]] = type[2];
    const sample = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line);
    if (sample) samples[sample[1]] = sample[2];
  }
  return {types, samples};
}

// "name type labels" of each metric in the text.
export function told(text) {
  const {types, samples} = parsed(text);
  return Object.entries(types).map(([name, type]) => {
    const labels = new Set(Object.keys(samples).filter((key) => key.startsWith(`${name}{`))
      .flatMap((key) => [...key.matchAll(/[{,]([a-z_]+)="/g)].map(([, label]) => label)));
    return `${name} ${type} ${[...labels].sort().join(',')}`;
  }).sort();
}

// The same of docs/metrics.md, without the sections of other stores.
export function documented(store) {
  const other = {embedded: 'The Redis store', redis: 'The embedded store'}[store];
  const page = fs.readFileSync(path.join(root, 'docs/metrics.md'), 'utf8')
    .split(/^## /m).filter((section) => !section.startsWith(other)).join('');
  let last = '';
  return [...page.matchAll(/^\| `([a-z_]+)` \| (\w+) \|([^|]*)\|/gm)]
    .map(([, name, type, labels]) => {
      if (labels.trim() !== 'the same') last = labels;
      const named = [...last.matchAll(/(?:^|; )\s*`([a-z_]+)`/g)].map(([, label]) => label);
      return `${name} ${type} ${named.sort().join(',')}`;
    }).sort();
}
