// Every command of the contract is there and says how it is used; those that
// change limits and ask what other limits would have done, against a server.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {after, before, describe, test} from 'node:test';
import {Budget, binary} from './lib/budget.mjs';

const operator = 'operator-key-that-is-at-least-32-characters';
const viewer = 'viewer-key-that-is-at-least-32-characters';
const config = `
admin:
  keys:
    - {name: otto, role: operator, key: ${operator}}
    - {name: vera, role: viewer, key: ${viewer}}
providers: {simulated: {format: simulated}}
prices: {overrides: {"simulated/m": {input: 1.00, output: 100.00}}}
budgets:
  - name: team
    policies:
      - {name: cap, cost_limit: 1.00}
`;

let budget;
before(async () => {
  budget = await new Budget({config}).start();
  for (let i = 0; i < 4; i++) assert.equal(await call('apollo'), 200);
});
after(() => budget?.stop());

async function call(component) {
  const answer = await budget.post('/simulated/v1/chat/completions',
    {model: 'm', max_tokens: 20, messages: [{role: 'user', content: 'hello'}]},
    {'x-budget-component': component, 'x-simulate-output-tokens': '20'});
  return answer.status;
}

function run(args, key = operator) {
  const env = {PATH: process.env.PATH, HOME: process.env.HOME, BUDGET_URL: budget.url, BUDGET_API_KEY: key};
  return new Promise((resolve) => {
    execFile(binary, args, {env, timeout: 20000},
             (error, stdout, stderr) => resolve({code: error ? error.code : 0, stdout, stderr}));
  });
}
async function done(args, key) {
  const result = await run(args, key);
  assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}
const parsed = async (args) => JSON.parse(await done([...args, '--format', 'json']));

describe('every command', () => {
  const commands = ['serve', 'start', 'check', 'status', 'get-usage', 'set-limit', 'policies',
    'allocate create', 'allocate list', 'allocate release', 'prices list', 'prices update',
    'prices history', 'recommend', 'calc-cost', 'alerts list', 'alerts ack', 'keys create',
    'keys list', 'keys revoke', 'simulate', 'count-tokens'];

  test('has help, by dashes and by underscores, and refuses what it does not know', async () => {
    for (const command of commands) {
      for (const words of [command.split(' '), command.replaceAll('-', '_').split(' ')]) {
        const {code, stdout} = await run([...words, '--help']);
        assert.equal(code, 0, command);
        assert.match(stdout, /Usage: budget /, command);
      }
      assert.equal((await run([...command.split(' '), '--no-such-option'])).code, 2, command);
    }
    assert.equal((await run(['no-such-command'])).code, 2);
  });
});

describe('set-limit', () => {
  test('makes a policy that stops calls, changes it, and overrides one of the file', async () => {
    await done(['set-limit', 'team/codex', '--requests', '1', '--component', 'codex']);
    assert.deepEqual([await call('codex'), await call('codex')], [200, 429]);
    const [made] = (await parsed(['policies', '--component', 'codex'])).items
      .filter((policy) => policy.id === 'team/codex');
    assert.equal(made.source, 'api');
    assert.equal(made.request_limit, 1);
    await done(['set_limit', 'team/codex', '--requests', '3']);
    assert.deepEqual([await call('codex'), await call('codex'), await call('codex')], [200, 200, 429]);

    const file = await run(['set-limit', 'team/cap', '--cost', '5']);
    assert.equal(file.code, 1, file.stdout);
    assert.equal(await call('rhetor'), 200);
    await done(['set-limit', 'team/cap', '--cost', '0', '--until', '1h', '--reason', 'stop it']);
    assert.equal(await call('rhetor'), 429);
    const lifted = await budget.fetch('/api/policies/team%2Fcap/overrides',
                                      {method: 'DELETE', headers: {'x-api-key': operator}});
    assert.equal(lifted.status, 200);
    assert.equal(await call('rhetor'), 200);
  });

  test('is refused without the role, without a limit, and for what names no policy', async () => {
    const may = await run(['set-limit', 'team/viewers', '--cost', '1'], viewer);
    assert.equal(may.code, 1);
    assert.match(may.stderr, /operator/);
    assert.notEqual((await run(['set-limit', 'team/none'])).code, 0);
    assert.match(await done(['set-limit', 'new/policy', '--cost', '1']), /in a new budget/);
    assert.equal((await run(['set-limit', 'policy', '--cost', '1'])).code, 2);
    assert.equal((await run(['set-limit'])).code, 2);
  });
});

describe('simulate and recommend', () => {
  test('tell what a smaller limit would have done with the recorded calls', async () => {
    const told = await parsed(['simulate', '--last', '1h', '--policy', 'team/small', '--requests', '1',
                               '--component', 'apollo']);
    const text = JSON.stringify(told);
    assert.match(text, /"team\/small"/);
    const table = await done(['simulate', '--last', '1h', '--policy', 'team/small', '--requests', '1',
                              '--component', 'apollo']);
    assert.match(table, /apollo/);
    assert.equal((await parsed(['policies'])).items.some((policy) => policy.id === 'team/small'), false);
    const viewed = await run(['simulate', '--last', '1h'], viewer);
    assert.equal(viewed.code, 0, viewed.stderr);
    assert.equal((await run(['simulate', '--changes', 'no json'])).code === 0, false);
  });

  test('tell where nothing would have cost less', async () => {
    assert.equal(await done(['recommend', '--last', '1h']),
                 'Nothing in the recorded usage would have cost less elsewhere.\n');
    assert.deepEqual((await parsed(['recommend'])).recommendations, []);
    assert.equal((await run(['recommend', '--last', 'soon'])).code === 0, false);
  });
});
