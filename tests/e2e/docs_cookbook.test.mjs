// docs/cookbook.md, run: every configuration is checked and started, and every
// call of its tables is made and compared with what the page says of it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {runRow} from './lib/calls.mjs';
import {assertShown, check, partsOf, providersAt, readPage, Shell, startUpstream, withoutSections} from './lib/docs.mjs';

const page = 'docs/cookbook.md';

// The page's recipes: {title, parts}.
const recipes = [];
for (const part of partsOf(readPage(page))) {
  if (part.kind === 'heading' && /^\d+\. /.test(part.text)) recipes.push({title: part.text, parts: []});
  else if (part.kind !== 'heading') recipes.at(-1).parts.push(part);
}

let upstream;
before(async () => {
  upstream = await startUpstream();
});
after(() => upstream?.stop());

async function runRecipe({parts}) {
  let budget;
  let shell;
  let printed;
  try {
    for (const part of parts) {
      const where = `${page}:${part.line}`;
      if (part.kind === 'yaml') {
        const checked = await check(part.text);
        assert.equal(checked.code, 0, `${where}:\n${checked.stdout}${checked.stderr}`);
        assert.doesNotMatch(checked.stdout, /warning: /, where);
        await budget?.stop();
        budget = await new Budget({
          config: providersAt(withoutSections(part.text, ['listen', 'store']), upstream),
          env: {OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k'}}).start();
        shell = new Shell(budget.folder, {BUDGET_URL: budget.url, BUDGET_API_KEY: budget.adminKey});
      } else if (part.kind === 'bash') {
        printed = await shell.run(part.text, where);
      } else if (part.kind === 'text') {
        assertShown(printed, part.text, where);
      } else {
        for (const row of part.rows) await runRow(budget, row, `${page}:${row.line}`, shell.env);
      }
    }
  } finally {
    await budget?.stop();
  }
}

describe('the cookbook', () => {
  test('has its recipes in order, each with a configuration and calls, all of them run', () => {
    assert.ok(recipes.length >= 20, `${recipes.length} recipes`);
    recipes.forEach(({title, parts}, index) => {
      assert.equal(Number.parseInt(title, 10), index + 1, title);
      assert.equal(parts.find(({kind}) => kind !== 'heading').kind, 'yaml', title);
      assert.ok(parts.some(({kind}) => kind === 'calls'), `${title} has no calls`);
      for (const part of parts.filter(({kind}) => kind !== 'calls')) {
        const markers = {yaml: 'run', bash: 'run', text: 'shows'};
        assert.equal(part.marker, markers[part.kind], `${page}:${part.line}: the block's comment`);
      }
    });
  });

  for (const recipe of recipes) test(recipe.title, () => runRecipe(recipe));
});
