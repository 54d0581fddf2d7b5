// docs/cookbook.md, run: every configuration is checked and started, and every
// call of its tables is made and compared with what the page says of it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {needsRoot} from './lib/disk.mjs';
import {partsOf, readPage, startUpstream} from './lib/docs.mjs';
import {needsDisk, runRecipe} from './lib/recipes.mjs';

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

describe('the cookbook', () => {
  test('has its recipes in order, each with a configuration and calls, all of them run', () => {
    assert.ok(recipes.length >= 20, `${recipes.length} recipes`);
    recipes.forEach(({title, parts}, index) => {
      assert.equal(Number.parseInt(title, 10), index + 1, title);
      assert.equal(parts.find(({kind}) => kind !== 'heading').kind, 'yaml', title);
      assert.ok(parts.some(({kind}) => kind === 'calls'), `${title} has no calls`);
      for (const part of parts.filter(({kind}) => kind !== 'calls' && kind !== 'disk')) {
        const markers = {yaml: 'run', bash: 'run', text: 'shows'};
        assert.equal(part.marker, markers[part.kind], `${page}:${part.line}: the block's comment`);
      }
    });
  });

  for (const recipe of recipes) {
    test(recipe.title, {skip: needsDisk(recipe) && needsRoot}, () => runRecipe({...recipe, page, upstream}));
  }
});
