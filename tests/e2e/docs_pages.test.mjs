// The blocks of the other pages: each is run, or says in the page's source why
// not; migrations are played through; the commands' page names every command.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, binary} from './lib/budget.mjs';
import {assertShown, check, partsOf, providersAt, readPage, root, run, Shell, startUpstream, withoutSections} from './lib/docs.mjs';
import {runRecipe} from './lib/recipes.mjs';

const pages = ['README.md', 'docs/quickstart.md', 'docs/cookbook.md', 'docs/operations.md', 'docs/install.md',
               'docs/migrating.md', 'docs/cli.md', 'docs/troubleshooting.md', 'docs/comparison.md',
               'docs/prices.md', 'docs/tekton.md', 'docs/testing.md', 'docs/metrics.md', 'CONTRIBUTING.md'];

let upstream;
before(async () => {
  upstream = await startUpstream();
});
after(() => upstream?.stop());

describe('every page', () => {
  for (const page of pages) {
    test(`${page} says of every block whether it is run`, () => {
      const silent = partsOf(readPage(page)).filter((part) => 'marker' in part && !part.marker);
      assert.deepEqual(silent.map(({line, text}) => `${page}:${line}: ${text}`), []);
    });
  }
});

// Sections of a page that have a configuration of their own.
function sectionsOf(page) {
  const sections = [];
  for (const part of partsOf(readPage(page))) {
    if (part.kind === 'heading') sections.push({title: part.text, parts: []});
    else sections.at(-1).parts.push(part);
  }
  return sections.filter(({parts}) => parts.some(({marker}) => marker === 'run'));
}

describe('coming from another gateway', () => {
  const page = 'docs/migrating.md';
  const sections = sectionsOf(page);
  test('there are two migrations to play', () => assert.equal(sections.length, 2));
  for (const section of sections) {
    test(section.title, () => runRecipe({...section, page, upstream, async prepare(folder) {
      // A database as Tekton's component makes it, as far as it is read.
      const made = await run('python3', ['-c', `
import sqlite3
d = sqlite3.connect("budget.db")
d.execute("CREATE TABLE usage_record (record_id TEXT, context_id TEXT, component TEXT, provider TEXT, model TEXT, task_type TEXT, input_tokens INTEGER, output_tokens INTEGER, input_cost FLOAT, output_cost FLOAT, total_cost FLOAT, timestamp DATETIME, user_id TEXT)")
d.execute("INSERT INTO usage_record VALUES ('r1','c1','apollo','openai','gpt-4o','coding',1000,500,4.9895,0.01,4.9995,'2026-05-01 12:00:00.123456','ann')")
d.execute("INSERT INTO usage_record VALUES ('r2','c1','codex','openai','gpt-4o','default',10,5,0.000025,0.00005,0.000075,'2026-05-02 12:00:00.123456',NULL)")
d.commit()`], {cwd: folder});
      assert.equal(made.code, 0, made.stderr);
    }}));
  }
});

describe('the README', () => {
  const page = 'README.md';
  const parts = partsOf(readPage(page)).filter(({marker}) => marker && !marker.startsWith('not run'));
  let budget;
  after(() => budget?.stop());

  test('its configuration is in order, and runs', async () => {
    const {text} = parts.find(({kind}) => kind === 'yaml');
    const checked = await check(text);
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    budget = await new Budget({config: providersAt(withoutSections(text, ['listen', 'store']), upstream),
                               env: {OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k'}}).start();
  });

  test('its commands print what it shows', async () => {
    const shell = new Shell(budget.folder, {BUDGET_URL: budget.url, BUDGET_API_KEY: budget.adminKey});
    let printed;
    for (const part of parts) {
      if (part.kind === 'sh') printed = await shell.run(part.text, `${page}:${part.line}`);
      if (part.kind === 'text') assertShown(printed, part.text, `${page}:${part.line}`);
    }
    assert.ok(printed);
  });

  test('its pictures have a title and colours for light and dark', () => {
    const pictures = [...readPage(page).matchAll(/src="(docs\/[^"]+\.svg)"/g)].map((match) => match[1]);
    assert.ok(pictures.length >= 1);
    for (const picture of pictures) {
      const svg = fs.readFileSync(path.join(root, picture), 'utf8');
      assert.match(svg, /prefers-color-scheme: dark/, picture);
      assert.match(svg, /<title\b/, picture);
    }
  });
});

describe('installing', () => {
  test("the call that the compose file's trial is tried with", async () => {
    const [part] = partsOf(readPage('docs/install.md')).filter(({marker}) => marker === 'run');
    const config = fs.readFileSync(path.join(root, 'deploy/compose/budget.yaml'), 'utf8');
    const budget = await new Budget({config: withoutSections(config, ['listen', 'store'])}).start();
    try {
      const shell = new Shell(budget.folder, {});
      assert.match(part.text, /http:\/\/127\.0\.0\.1:8013/);
      const printed = await shell.run(part.text.replaceAll('http://127.0.0.1:8013', budget.url), 'docs/install.md');
      assert.equal(JSON.parse(printed).object, 'chat.completion');
    } finally {
      await budget.stop();
    }
  });
});

describe('the commands', () => {
  test('each has a row on its page', async () => {
    const {stdout} = await run(binary, ['completion', 'bash']);
    const paths = [...stdout.matchAll(/^ {4}'([^']*)'\) words=/gm)]
      .map((match) => match[1].split('/').filter(Boolean)).filter((words) => words.length > 0);
    assert.ok(paths.length > 18, `${paths.length} commands`);
    const page = readPage('docs/cli.md');
    const named = new Set([...page.matchAll(/`([^`]+)`/g)].map((match) => match[1].replace(/^budget /, '')));
    const absent = paths.filter((words) => !named.has(words.join(' ')) && !named.has(words.at(-1)) &&
      ![...named].some((name) => name.startsWith(`${words.join(' ')} `)));
    assert.deepEqual(absent.map((words) => words.join(' ')), []);
  });
});
