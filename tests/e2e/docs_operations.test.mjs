// docs/operations.md: its drills are run as they stand, its listeners checked,
// and its figure of the disk measured.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {after, describe, test} from 'node:test';
import {Budget, temporaryFolder} from './lib/budget.mjs';
import {assertShown, check, partsOf, readPage, run, Shell} from './lib/docs.mjs';

const page = 'docs/operations.md';
const parts = partsOf(readPage(page));

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const {port} = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('operations', async () => {
  const folder = temporaryFolder();
  after(() => fs.rmSync(folder, {recursive: true, force: true}));
  const shell = new Shell(folder, {BUDGET_PORT: String(await freePort())});
  let printed;
  let title;
  for (const part of parts) {
    const where = `${page}:${part.line}`;
    if (part.kind === 'heading') {
      title = part.text;
    } else if (part.marker === 'run' && part.kind === 'yaml') {
      test(`${title}: the configuration is in order`, async () => {
        fs.writeFileSync(path.join(folder, 'budget.yaml'), part.text);
        // Files that it names are relative to the folder it is started in.
        await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
          '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.crt'], {cwd: folder});
        const checked = await check(part.text, {cwd: folder});
        assert.equal(checked.code, 0, checked.stdout + checked.stderr);
      });
    } else if (part.marker === 'run') {
      test(`${title}: is done, line ${part.line}`, async () => {
        printed = await shell.run(part.text, where);
      });
    } else if (part.marker === 'shows') {
      test(`${title}: shows what the page says`, () => assertShown(printed, part.text, where));
    }
  }

  test('a record takes about half a KiB', async () => {
    const calls = 2000;
    const budget = await new Budget({config: `
providers: {simulated: {format: simulated, price: free}}
budgets: [{name: a, policies: [{name: p, per: [user], period: total, request_limit: 100000}]}]
`}).start();
    for (let made = 0; made < calls; made += 20) {
      await Promise.all(Array.from({length: 20}, (_, at) => budget.post('/simulated/v1/chat/completions',
        {model: 'gpt-4o', max_tokens: 5, messages: [{role: 'user', content: 'Hello!'}]},
        {'x-budget-component': 'search', 'x-budget-user': `user-${at}`, 'x-budget-tags': 'team=research'})));
    }
    budget.process.kill('SIGTERM');
    await budget.exited;
    const bytes = fs.statSync(path.join(budget.folder, 'data/ledger.sqlite')).size;
    fs.rmSync(budget.folder, {recursive: true});
    assert.ok(bytes / calls > 256 && bytes / calls < 640, `${bytes / calls} bytes a record`);
  });
});
