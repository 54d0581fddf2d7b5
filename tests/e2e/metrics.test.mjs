// /metrics against docs/metrics.md, the alerts and the dashboard: what they
// name is told, what is told is documented, and promtool has nothing to say.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, temporaryFolder} from './lib/budget.mjs';
import {documented, parsed, root, told} from './lib/metrics.mjs';

const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const rulesFile = path.join(root, 'charts/budget/files/rules.yaml');

const config = `
providers: {simulated: {format: simulated}}
budgets:
  - name: team
    policies:
      - {name: cap, period: daily, cost_limit: 10.50, token_limit: 1000000}
      - {name: each, period: daily, per: [component], cost_limit: 2, request_limit: 2}
      - {name: crowd, period: total, concurrent_limit: 8}
prices:
  overrides:
    "simulated/*": {input: 2.50, output: 10, cache_read: 1}
    "simulated/named": {input: 2.50, output: 10, cache_read: 1}
`;

const promtool = (args, options) => {
  const result = spawnSync('promtool', args, {encoding: 'utf8', ...options});
  assert.ifError(result.error);
  return result;
};

// The names of our metrics in text that is not ours to parse.
const namesIn = (text) => new Set(text.match(/\b(?:budget|process)_[a-z_]+\b/g));

describe('metrics', () => {
  let budget;
  let text;
  before(async () => {
    budget = await new Budget({config}).start();
    const call = (component, more) => budget.post('/simulated/v1/chat/completions',
      {model: 'named', max_tokens: 1000, messages: [{role: 'user', content: 'Hello!'}], ...more},
      {'x-budget-component': component});
    assert.equal((await call('alpha', {stream: true})).status, 200);
    for (const component of ['beta', 'beta']) assert.equal((await call(component)).status, 200);
    assert.equal((await call('alpha', {model: 'whatever-a-caller-says'})).status, 200);
    assert.equal((await call('beta')).status, 429);
    text = (await budget.fetch('/metrics')).body.toString();
  });
  after(() => budget.stop());

  test('promtool finds nothing to complain about', () => {
    const result = promtool(['check', 'metrics'], {input: text});
    assert.equal(result.stdout + result.stderr, '');
    assert.equal(result.status, 0);
  });

  test('docs/metrics.md lists each metric with its type and labels, and no other', () => {
    assert.deepEqual(told(text), documented('embedded', text));
    assert.ok(!told(text).some((metric) => metric.endsWith('?')), 'a metric without a sample');
  });

  test('the values of labels are those of docs/metrics.md', () => {
    const page = read('docs/metrics.md');
    for (const [, label, value] of text.matchAll(/[{,](decision|kind|unit|status|phase|outcome|code)="([^"]*)"/g)) {
      assert.match(page, new RegExp('`' + label + '`:[^|]*`' + value + '`'), `${label}="${value}"`);
    }
  });

  test('the budgets and what was spent agree with the records', async () => {
    const {samples} = parsed(text);
    const records = await budget.records();
    const ended = records.filter(({status}) => status === 200);
    const nano = (usd) => BigInt(String(usd).replace('.', ''));
    const cost = nano(samples['budget_cost_usd_total']);
    assert.ok(cost > 0n);
    assert.equal(nano(samples['budget_policy_spent{policy="team/cap",unit="cost"}']), cost);
    assert.equal(samples['budget_policy_limit{policy="team/cap",unit="cost"}'], '10.500000000');
    assert.equal(samples['budget_policy_reserved{policy="team/cap",unit="cost"}'], '0.000000000');
    const tokens = ['input', 'cache_read', 'output', 'reasoning']
      .reduce((sum, kind) => sum + Number(samples[`budget_tokens_total{kind="${kind}"}`]), 0);
    assert.equal(Number(samples['budget_policy_spent{policy="team/cap",unit="tokens"}']), tokens);
    assert.equal(ended.length, 4);
    assert.equal(samples['budget_calls_total{decision="deny"}'], '1');
    // Of two components, the one that has made both of its calls.
    assert.equal(samples['budget_policy_partitions{policy="team/each"}'], '2');
    assert.equal(samples['budget_policy_spent{policy="team/each",unit="requests"}'], '2');
    assert.doesNotMatch(text, /alpha|beta/);
  });

  test('calls, tokens and cost are told by model, and models that anybody can name are not', () => {
    const {samples} = parsed(text);
    const of = (model) => `provider="simulated",model="${model}",operation="chat"`;
    const calls = (model, decision, status) =>
      Number(samples[`budget_model_calls_total{${of(model)},decision="${decision}",status="${status}"}`] ?? 0);
    // The last that a request_limit has room for is one to warn of.
    const passed = (model) => calls(model, 'allow', '2xx') + calls(model, 'warn', '2xx');
    assert.equal(passed('named'), 3);
    assert.equal(passed('other'), 1);
    assert.equal(calls('named', 'deny', '4xx'), 1);
    assert.doesNotMatch(text, /whatever/);
    const nano = (usd) => BigInt(String(usd).replace('.', ''));
    const sum = (name, model) => Object.entries(samples)
      .filter(([key]) => key.startsWith(`${name}{`) && key.includes(of(model)))
      .reduce((total, [, value]) => total + nano(value), 0n);
    const both = (name) => sum(name, 'named') + sum(name, 'other');
    assert.ok(sum('budget_model_cost_usd_total', 'other') > 0n);
    assert.equal(both('budget_model_cost_usd_total'), nano(samples['budget_cost_usd_total']));
    assert.equal(both('budget_model_tokens_total'),
                 nano(samples['budget_policy_spent{policy="team/cap",unit="tokens"}']));
    assert.equal(samples['budget_refusals_total{code="budget_exceeded"}'], '1');
    assert.equal(samples['budget_refusals_total{code="invalid_api_key"}'], '0');
  });

  test('what took time is in the buckets, each of which has those below', () => {
    const {samples, types} = parsed(text);
    const count = (name, labels) => Number(samples[`${name}_count{${labels}}`]);
    const named = 'provider="simulated",model="named",operation="chat"';
    assert.equal(count('gen_ai_client_operation_duration_seconds', named), 3);
    assert.equal(count('gen_ai_client_operation_time_to_first_chunk_seconds', named), 1);
    assert.equal(count('budget_added_latency_seconds', 'phase="before"'), 4);
    assert.equal(count('budget_added_latency_seconds', 'phase="after"'), 4);
    assert.equal(count('budget_store_latency_seconds', 'operation="settle"'), 4);
    assert.ok(count('budget_store_latency_seconds', 'operation="reserve"') >= 5, 'the refused one too');
    for (const name of Object.keys(types).filter((each) => types[each] === 'histogram')) {
      const series = new Map();
      for (const each of Object.entries(samples).filter(([key]) => key.startsWith(`${name}_bucket`))) {
        const labels = each[0].replace(/,?le="[^"]*"/, '');
        series.set(labels, [...series.get(labels) ?? [], each]);
      }
      for (const buckets of series.values()) {
        const bounds = buckets.map(([key]) => Number(/le="([^"]*)"/.exec(key)[1].replace('+Inf', 'Infinity')));
        assert.deepEqual(bounds, bounds.toSorted((a, b) => a - b), name);
        const counts = buckets.map(([, value]) => Number(value));
        assert.deepEqual(counts, counts.toSorted((a, b) => a - b), name);
        assert.equal(bounds.at(-1), Infinity);
      }
    }
  });

  test('the alerts are right, and name only metrics that there are', () => {
    const check = promtool(['check', 'rules', rulesFile]);
    assert.equal(check.status, 0, check.stderr);
    const tested = promtool(['test', 'rules', path.join(root, 'tests/metrics/rules_test.yaml')]);
    assert.equal(tested.status, 0, tested.stdout + tested.stderr);
    const {types} = parsed(text);
    const expressions = read('charts/budget/files/rules.yaml')
      .replace(/^\s*(?:#|summary|description|- record).*$/gm, '').replaceAll('policy:budget_policy_used:ratio', '');
    for (const name of namesIn(expressions)) assert.ok(types[name], `no metric ${name}`);
  });

  test('every alert has a test', () => {
    const tests = read('tests/metrics/rules_test.yaml');
    for (const [, alert] of read('charts/budget/files/rules.yaml').matchAll(/- alert: (\w+)/g)) {
      assert.match(tests, new RegExp(`alertname: ${alert}\\n`), `${alert} is never seen to fire`);
    }
  });

  test("the dashboard's queries parse, and name only metrics that there are", () => {
    const {types} = parsed(text);
    const dashboard = JSON.parse(read('charts/budget/files/dashboard.json'));
    const queries = dashboard.panels.flatMap(({targets}) => targets.map(({expr}) => expr));
    assert.ok(queries.length >= dashboard.panels.length);
    for (const name of namesIn(queries.join('\n'))) assert.ok(types[name], `no metric ${name}`);
    // What Grafana would put in.
    const rules = queries.map((expr, i) => ({record: `query:${i}`,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*')}));
    const folder = temporaryFolder();
    const file = path.join(folder, 'queries.yaml');
    fs.writeFileSync(file, JSON.stringify({groups: [{name: 'dashboard', rules}]}));
    const check = promtool(['check', 'rules', file]);
    fs.rmSync(folder, {recursive: true});
    assert.equal(check.status, 0, check.stderr);
  });

  test("the dashboard's panels do not overlap and are each their own", () => {
    const {panels, templating} = JSON.parse(read('charts/budget/files/dashboard.json'));
    assert.equal(new Set(panels.map(({id}) => id)).size, panels.length);
    const cells = new Set();
    for (const {title, gridPos: {x, y, w, h}, targets} of panels) {
      assert.ok(x + w <= 24, title);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          assert.ok(!cells.has(`${column},${row}`), `${title} lies on another panel`);
          cells.add(`${column},${row}`);
        }
      }
      const variables = templating.list.map(({name}) => name);
      for (const [, name] of JSON.stringify(targets).matchAll(/\$\{?([a-z]\w*)/g)) {
        assert.ok(variables.includes(name), `${title}: no variable ${name}`);
      }
    }
  });
});

test('/metrics is not there where it is turned off', async () => {
  const budget = new Budget({config: 'providers: {simulated: {format: simulated}}'});
  budget.head = budget.head.replace('telemetry: {', 'telemetry: {metrics: false, ');
  budget.writeConfig('providers: {simulated: {format: simulated}}');
  await budget.start();
  try {
    const off = await budget.fetch('/metrics');
    assert.equal(off.status, 404);
    assert.equal(JSON.parse(off.body).error.code, 'resource_not_found');
    budget.head = budget.head.replace('metrics: false', 'metrics: true');
    budget.writeConfig('providers: {simulated: {format: simulated}}');
    budget.process.kill('SIGHUP');
    await budget.event('config_reloaded');
    assert.equal((await budget.fetch('/metrics')).status, 200);
  } finally {
    await budget.stop();
  }
});
