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

// The labels of a metric in the text, but for a histogram's own; undefined for
// one of which there is no sample yet.
function labelsOf(name, type, samples) {
  const own = type === 'histogram' ? `${name}_bucket` : name;
  const keys = Object.keys(samples).filter((key) => key === own || key.startsWith(`${own}{`));
  if (keys.length === 0) return undefined;
  const labels = new Set(keys.flatMap((key) => [...key.matchAll(/[{,]([a-z_]+)="/g)].map(([, label]) => label)));
  if (type === 'histogram') labels.delete('le');
  return [...labels].sort().join(',');
}

// "name type labels" of each metric in the text.
export function told(text) {
  const {types, samples} = parsed(text);
  return Object.entries(types).map(([name, type]) =>
    `${name} ${type} ${labelsOf(name, type, samples) ?? '?'}`).sort();
}

// The same of docs/metrics.md, without the sections of other stores; without
// labels too where `text` has no sample of it.
export function documented(store, text) {
  const {samples} = parsed(text);
  const other = {embedded: 'The Redis store', redis: 'The embedded store'}[store];
  const page = fs.readFileSync(path.join(root, 'docs/metrics.md'), 'utf8')
    .split(/^## /m).filter((section) => !section.startsWith(other)).join('');
  let last = '';
  return [...page.matchAll(/^\| `([a-z_]+)` \| (\w+) \|([^|]*)\|/gm)]
    .map(([, name, type, labels]) => {
      if (labels.trim() !== 'the same') last = labels;
      const named = [...last.matchAll(/(?:^|; )\s*`([a-z_]+)`/g)].map(([, label]) => label);
      const seen = labelsOf(name, type, samples) !== undefined;
      return `${name} ${type} ${seen ? named.sort().join(',') : '?'}`;
    }).sort();
}
