// Figures of many rounds as one table.
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// One row a target and load. Ratios are taken within a round, then spread.
export function summarise(rounds) {
  const rows = [];
  const key = (r) => `${r.load}|${r.target}`;
  for (const id of [...new Set(rounds.map(key))]) {
    const own = rounds.filter((r) => key(r) === id);
    const ratios = own.map((r) => r.requests_per_second / rounds.find((b) =>
      b.load === r.load && b.round === r.round && b.target === r.base).requests_per_second);
    const of = (field) => median(own.map((r) => r[field]));
    rows.push({
      load: own[0].load, target: own[0].target, base: own[0].base,
      requests_per_second: of('requests_per_second'),
      ratio: median(ratios), ratio_min: Math.min(...ratios), ratio_max: Math.max(...ratios),
      cpu_us_per_request: of('cpu_us_per_request'), p50_us: of('p50_us'), p99_us: of('p99_us'),
      resident_kib: Math.max(...own.map((r) => r.resident_kib)),
    });
  }
  return rows;
}

export function table(rows) {
  const head = ['load', 'target', 'requests/s', 'ratio (min–max)', 'CPU µs/request', 'p50 µs',
                'p99 µs', 'RSS MiB'];
  const cells = rows.map((r) => [
    r.load, r.target, r.requests_per_second.toFixed(0),
    `${r.ratio.toFixed(2)} (${r.ratio_min.toFixed(2)}–${r.ratio_max.toFixed(2)})`,
    r.cpu_us_per_request.toFixed(1), r.p50_us.toFixed(0), r.p99_us.toFixed(0),
    (r.resident_kib / 1024).toFixed(0)]);
  const all = [head, ...cells];
  const width = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => '| ' + row.map((cell, column) =>
    column < 2 ? cell.padEnd(width[column]) : cell.padStart(width[column])).join(' | ') + ' |';
  const rule = '|' + width.map((w, column) => '-'.repeat(w + 1) + (column < 2 ? '-' : ':')).join('|') + '|';
  return [line(head), rule, ...cells.map(line)].join('\n');
}
