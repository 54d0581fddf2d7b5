// A recipe of a document: a configuration and what follows it, run in order.
import assert from 'node:assert/strict';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {Budget, temporaryFolder} from './budget.mjs';
import {runRow} from './calls.mjs';
import {assertShown, check, providersAt, run, Shell, withoutSections} from './docs.mjs';
import {fillUnder, freeUnder, SmallDisk} from './disk.mjs';

// What a recipe spends must be in the period of the call that follows. Days of
// all zones in the documents begin on the hour.
async function awayFromMidnight() {
  const left = 3_600_000 - (Date.now() % 3_600_000);
  if (left < 10_000) await sleep(left + 100);
}

export const needsDisk = ({parts}) => parts.some(({kind}) => kind === 'disk');

// `parts` are those of partsOf(), of the document `page`; each configuration is
// checked as it stands, then started with its providers at `upstream`, in a folder
// that `prepare` may put files into.
export async function runRecipe({parts, page, upstream, prepare}) {
  let budget;
  let shell;
  let printed;
  const folder = temporaryFolder();
  const disk = needsDisk({parts}) ? new SmallDisk(path.join(folder, 'data')) : undefined;
  try {
    await awayFromMidnight();
    await prepare?.(folder);
    for (const part of parts.filter(({marker}) => !marker?.startsWith('not run'))) {
      const where = `${page}:${part.line}`;
      if (part.kind === 'yaml') {
        const checked = await check(part.text);
        assert.equal(checked.code, 0, `${where}:\n${checked.stdout}${checked.stderr}`);
        assert.doesNotMatch(checked.stdout, /warning: /, where);
        budget = await new Budget({
          folder,
          config: providersAt(withoutSections(part.text, ['listen', 'store']), upstream),
          env: {OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k'}}).start();
        shell = new Shell(budget.folder, {BUDGET_URL: budget.url, BUDGET_API_KEY: budget.adminKey});
      } else if (part.kind === 'bash') {
        printed = await shell.run(part.text, where);
      } else if (part.kind === 'python') {
        const script = await run('python3', ['-c', part.text], {cwd: folder, env: shell.env});
        assert.equal(script.code, 0, `${where}:\n${script.stdout}${script.stderr}`);
        printed = script.stdout;
      } else if (part.kind === 'text') {
        assertShown(printed, part.text, where);
      } else if (part.kind === 'disk') {
        const other = () => budget.post('/openai/v1/chat/completions',
          {model: 'gpt-4o', max_tokens: 1, messages: []}, {'x-budget-component': 'others'});
        await (part.text === 'full' ? fillUnder(budget, disk, other) : freeUnder(budget, disk));
      } else {
        for (const row of part.rows) await runRow(budget, row, `${page}:${row.line}`, shell.env);
      }
    }
  } finally {
    if (disk && budget) {
      budget.process.kill('SIGTERM');
      await budget.exited;
    }
    disk?.unmount();
    await budget?.stop();
  }
}
