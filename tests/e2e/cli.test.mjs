// The commands that talk to a running server: the real binary on both sides.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, binary, temporaryFolder} from './lib/budget.mjs';

const config = `
providers:
  simulated: {format: simulated}
prices:
  overrides: {"simulated/m": {input: 1.00, output: 2.00}}
budgets:
  - name: team
    owner: platform
    policies:
      - {name: daily-cap, type: hard_limit, period: daily, cost_limit: 5.00, when_exceeded: [clamp]}
      - {name: tokens, type: warn, period: monthly, per: [component], token_limit: 1000}
admin:
  keys:
    - {name: root, role: admin, key: "admin-key-that-is-at-least-32-characters"}
    - {name: eyes, role: viewer, key: "viewer-key-that-is-at-least-32-characters"}
`;
const adminKey = 'admin-key-that-is-at-least-32-characters';
const viewerKey = 'viewer-key-that-is-at-least-32-characters';

function run(args, {env = {}, cwd} = {}) {
  return new Promise((resolve) => {
    const clean = {PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm', ...env};
    execFile(binary, args, {env: clean, cwd, timeout: 20000, maxBuffer: 1 << 26},
             (error, stdout, stderr) => resolve({code: error ? error.code : 0, stdout, stderr}));
  });
}

class Configured extends Budget {
  async start() {
    // The harness reads the generated key; here keys are configured.
    fs.mkdirSync(path.join(this.folder, 'data'), {recursive: true});
    fs.writeFileSync(path.join(this.folder, 'data/admin.key'), adminKey + '\n', {mode: 0o600});
    return super.start();
  }
}

let budget;
const cli = (args, options = {}) => run(args, {
  ...options, env: {BUDGET_URL: budget.url, BUDGET_API_KEY: adminKey, ...options.env}});
async function answer(args) {
  const result = await cli(args);
  assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
  assert.equal(result.stderr, '');
  return result.stdout;
}
const parsed = async (args) => JSON.parse(await answer([...args, '--format', 'json']));

before(async () => {
  budget = await new Configured({config}).start();
  for (const component of ['apollo', 'codex']) {
    const called = await budget.post('/simulated/v1/chat/completions',
      {model: 'm', max_tokens: 20, messages: [{role: 'user', content: 'hello'}]},
      {'x-budget-component': component, 'x-budget-tags': 'team=research'});
    assert.equal(called.status, 200, called.body.toString());
  }
});
after(() => budget?.stop());

describe('the commands', () => {
  test('status tells of the server and each policy with a bar', async () => {
    const text = await answer(['status']);
    assert.match(text, /^Budget \d+\.\d+\.\d+ is ok, [1-9]\d* workers?$/m);
    assert.match(text, /team\/daily-cap .*daily .*\$5\.00 .*░+ 0%/);
    assert.match(text, /team\/tokens +component=apollo .*1,000 tok/);
    assert.match(text, /team\/tokens +component=codex /);
    assert.ok(!text.includes('\x1b'), 'no colours where there is no terminal');
    const json = await parsed(['status', '--budget', 'team']);
    assert.equal(json.health.status, 'ok');
    assert.equal(json.budgets[0].summary.length, 3);
    assert.ok(Number(json.budgets[0].summary[0].spent) > 0);
  });

  test('get-usage sums by groups, with underscores as with dashes', async () => {
    const text = await answer(['get_usage', '--last', '1h', '--group_by', 'component,tag.team']);
    assert.match(text, /COMPONENT +TAG\.TEAM +REQUESTS/);
    assert.match(text, /apollo +research +1 /);
    assert.match(text, /total +2 /);
    const json = await parsed(['get-usage', '--group-by', 'week', '--component', 'codex']);
    assert.equal(json.total.requests, 1);
    assert.match(json.groups[0].group.week, /^\d{4}-\d\d-\d\d$/);
    const old = await parsed(['get-usage', '--start', '2026-01-01', '--end', '2026-01-02']);
    assert.equal(old.total.requests, 0);
  });

  test('policies lists what is in force', async () => {
    assert.match(await answer(['policies']), /team\/daily-cap +hard_limit +daily .*\$5\.00 +clamp +yes/);
    const json = await parsed(['policies', '--period', 'monthly', '--enabled', 'true']);
    assert.deepEqual(json.items.map((item) => item.id), ['team/tokens']);
  });

  test('allocate sets aside, lists and gives back', async () => {
    const made = await parsed(['allocate', 'create', '--context', 'c1', '--tokens', '500',
      '--component', 'apollo', '--provider', 'simulated', '--model', 'm', '--expires', '2h',
      '--tags', 'team=a,env=b', '--metadata', '{"why":"test"}']);
    assert.equal(made.state, 'active');
    assert.deepEqual(made.tags, {env: 'b', team: 'a'});
    const expires = Date.parse(made.expiration_time) - Date.now();
    assert.ok(expires > 7000e3 && expires <= 7200e3, made.expiration_time);
    assert.match(await answer(['allocate', 'list', '--context', 'c1']), /active +c1 +apollo +500 +500/);
    assert.match(await answer(['allocate', 'release', made.allocation_id]), /is released/);
    const listed = await parsed(['allocate', 'list']);
    assert.deepEqual(listed.items.map((item) => item.state), ['released']);
    assert.equal(await answer(['allocate', 'list', '--context', 'nobody']), 'There are none.\n');
  });

  test('prices list and calc-cost tell what things cost', async () => {
    assert.match(await answer(['prices', 'list', '--provider', 'openai', '--model', 'gpt-4o', '--limit', '3']),
                 /openai +\S*gpt-4o.*\$\d+\.\d\d[^]*3 of \d+ \(see --limit\)/);
    const listed = await parsed(['prices', 'list', '--limit', '501']);
    assert.equal(listed.items.length, Math.min(501, listed.total));
    const cost = ['calc-cost', '--provider', 'simulated', '--model', 'm',
                  '--input-tokens', '1000', '--output_tokens=500'];
    assert.match(await answer(cost), /^\$0\.002 \(input \$0\.001, output \$0\.001; /);
    assert.equal((await parsed(cost)).total_cost_nano, 2000000);
  });

  test('keys are made, listed, rotated and revoked', async () => {
    const created = await answer(['keys', 'create', '--name', 'ci', '--component', 'apollo',
                                  '--models', 'm,n*', '--expires', '30d']);
    assert.match(created.split('\n')[0], /^bk_\w+_\w+$/);
    const listed = (await parsed(['keys', 'list'])).items;
    assert.deepEqual(listed[0].models, ['m', 'n*']);
    assert.match(await answer(['keys', 'list']), /ci +active +apollo/);
    const rotated = await parsed(['keys', 'rotate', listed[0].id]);
    assert.notEqual(rotated.key, created.split('\n')[0]);
    assert.equal(await answer(['keys', 'revoke', listed[0].id]), `${listed[0].id} is revoked.\n`);
    assert.equal((await cli(['keys', 'rotate', listed[0].id])).code, 1);
  });

  test('usage records lists calls, newest first', async () => {
    const text = await answer(['usage', 'records', '--component', 'apollo', '--last', '1h']);
    assert.match(text, /apollo +simulated +m +200 +allow/);
    const json = await parsed(['usage', 'records', '--limit', '1']);
    assert.equal(json.items.length, 1);
    assert.equal(json.total, 2);
  });

  test('tables fit the width there is', async () => {
    for (const columns of [200, 100, 60, 30]) {
      for (const args of [['status'], ['policies'], ['usage', 'records'], ['prices', 'list']]) {
        const result = await cli(args, {env: {COLUMNS: String(columns)}});
        assert.equal(result.code, 0, result.stderr);
        const [, ...lines] = result.stdout.split('\n');
        for (const line of lines) {
          assert.ok([...line].length <= columns, `${args} at ${columns}: ${line}`);
        }
      }
    }
  });

  test('a label cannot command the terminal', async () => {
    // U+009B is a control of its own, which no header may hold and a body may.
    const recorded = await budget.post('/api/usage/record',
      {provider: 'simulated', model: 'm\u009b31m', input_tokens: 1, component: 'codex',
       total_cost: '0.1'},
      {'x-api-key': adminKey});
    assert.equal(recorded.status, 201, recorded.body.toString());
    const result = await cli(['usage', 'records', '--limit', '5']);
    assert.equal(result.code, 0);
    assert.match(result.stdout, /m\?31m/);
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(result.stdout));
  });
});

describe('what goes wrong', () => {
  test('a server that is down is 3, and says what to do', async () => {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const {port} = server.address();
    await new Promise((resolve) => server.close(resolve));
    const result = await cli(['status', '--url', `http://127.0.0.1:${port}`]);
    assert.equal(result.code, 3);
    assert.equal(result.stdout, '');
    assert.match(result.stderr, /cannot reach .*refused[^]*budget serve[^]*--url/);
  });

  test('a server that hangs up or is none is told', async () => {
    const answers = ['', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'];
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answers.shift()));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    assert.equal((await cli(['policies', '--url', url])).code, 3);
    const other = await cli(['policies', '--url', url]);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /is this the address of a Budget server/);
    await new Promise((resolve) => server.close(resolve));
  });

  test('a wrong key, a role that is too small and an unknown id are 1', async () => {
    const wrong = await cli(['policies', '--api-key', 'not-a-key-but-longer-than-32-characters']);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /BUDGET_API_KEY/);
    assert.ok(!wrong.stderr.includes('not-a-key'));
    const small = await cli(['keys', 'list', '--api-key', viewerKey]);
    assert.equal(small.code, 1);
    assert.match(small.stderr, /role admin/);
    assert.equal((await cli(['allocate', 'release', 'al_none'])).code, 1);
    assert.equal((await cli(['status', '--budget', 'none/../x'])).code, 1);
    const much = await cli(['allocate', 'create', '--context', 'c', '--tokens', '900000000',
                            '--provider', 'simulated', '--model', 'm']);
    assert.equal(much.code, 1);
    assert.match(much.stderr, /daily-cap/);
  });

  test('bad usage is 2', async () => {
    for (const args of [[], ['nothing'], ['status', '--nothing'], ['allocate'], ['keys', 'revoke'],
                        ['allocate', 'create', '--context', 'c'], ['policies', '--format', 'xml'],
                        ['get-usage', '--last', 'soon'], ['usage', 'records', '--limit', 'x'],
                        ['get-usage', '--last', '1h', '--start', '2026-01-01'],
                        ['calc-cost', '--provider', 'p', '--model', 'm', '--input-tokens', '1.5'],
                        ['policies', '--url', 'nowhere'], ['completion', 'fish'],
                        ['policies', '--url', 'https://u:p@127.0.0.1/']]) {
      const result = await cli(args);
      assert.equal(result.code, 2, `${args.join(' ')}: ${result.stderr}`);
      assert.equal(result.stdout, '', args.join(' '));
    }
  });

  test('every command has help with examples', async () => {
    const script = (await run(['completion', 'bash'])).stdout;
    const paths = [...script.matchAll(/^ {4}'([^']*)'\) words=/gm)].map((match) => match[1]);
    assert.ok(paths.length > 18, paths);
    for (const each of paths) {
      const words = each.split('/').slice(1);
      const result = await run([...words, '--help']);
      assert.equal(result.code, 0, each);
      assert.match(result.stdout, /Usage:/);
      if (result.stdout.includes('--api-key')) {
        assert.match(result.stdout, new RegExp(`Examples:\n +budget ${words.join(' ')}`));
      }
    }
  });
});

describe('before the first call', () => {
  test('status does not take policies that have counted nothing for none', async () => {
    const quiet = await new Budget({config: `
providers: {simulated: {format: simulated}}
budgets: [{name: team, policies: [{name: p, per: [component], request_limit: 1}]}]
`}).start();
    try {
      const result = await run(['status'], {env: {BUDGET_URL: quiet.url, BUDGET_API_KEY: quiet.adminKey}});
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stdout, /Nothing is counted yet; `budget policies`/);
    } finally {
      await quiet.stop();
    }
  });
});

describe('over TLS', () => {
  let secure;
  before(async () => {
    secure = await new Budget({config: 'providers:\n  simulated: {format: simulated}', tls: true}).start();
  });
  after(() => secure?.stop());

  test('an unknown certificate is refused until its authority is named', async () => {
    const env = {BUDGET_URL: secure.url, BUDGET_API_KEY: secure.adminKey};
    const certificate = path.join(secure.folder, 'data/tls/self_signed.crt');
    const refused = await run(['status'], {env});
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /self-signed[^]*--ca/);
    assert.equal((await run(['status', '--ca', certificate], {env})).code, 0);
    assert.equal((await run(['status', '--insecure'], {env})).code, 0);
    assert.equal((await run(['status', '--ca', '/nowhere'], {env})).code, 2);
    const plain = await run(['status', '--url', secure.url.replace('https', 'http')], {env});
    assert.equal(plain.code, 3);
    assert.match(plain.stderr, /https:/);
  });

  test("the folder's own key and certificate are found for this machine alone", async () => {
    const env = {BUDGET_URL: secure.url};
    const found = await run(['status'], {env, cwd: secure.folder});
    assert.equal(found.code, 0, found.stderr);
    const elsewhere = temporaryFolder();
    assert.equal((await run(['policies', '--insecure'], {env, cwd: elsewhere})).code, 1);
    fs.rmdirSync(elsewhere);
  });
});

describe('completion', () => {
  const complete = (...words) => new Promise((resolve, reject) => {
    const script = `source <("${binary}" completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _budget; printf '%s\\n' "\${COMPREPLY[@]}"`;
    execFile('bash', ['-euc', script, 'bash', 'budget', ...words], (error, stdout, stderr) =>
      error || stderr ? reject(error ?? new Error(stderr)) : resolve(stdout.trim().split('\n')));
  });

  test('bash completes commands, options and their choices', async () => {
    assert.deepEqual(await complete('st'), ['status']);
    assert.deepEqual(await complete('allocate', ''), ['create', 'list', 'release', '--help']);
    assert.deepEqual(await complete('get_usage', '--group'), ['--group-by']);
    assert.deepEqual(await complete('keys', 'list', '--format', ''), ['table', 'json']);
    assert.deepEqual(await complete('keys', 'create', '--name', ''), ['']);
    assert.deepEqual(await complete('completion', 'bash', '--h'), ['--help']);
    assert.ok((await complete('')).includes('serve'));
  });

  test('zsh has all commands too', async () => {
    const {stdout} = await run(['completion', 'zsh']);
    assert.match(stdout, /^#compdef budget\n/);
    for (const word of ['status', 'calc-cost', 'completion', 'create', '--group-by']) {
      assert.ok(stdout.includes(`'${word}:`), word);
    }
  });
});
