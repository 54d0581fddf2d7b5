// docs/troubleshooting.md against the source: every code, message, event and
// start error of the program stands on the page, and what the page says of
// configurations and of starts is what the program says.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, binary, temporaryFolder} from './lib/budget.mjs';
import {check, readPage, root, run} from './lib/docs.mjs';

const page = readPage('docs/troubleshooting.md');
const source = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const sources = (...folders) => folders.flatMap((folder) =>
  fs.readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.cc')).sort()
    .map((name) => [`${folder}/${name}`, source(`${folder}/${name}`)]));
const inCode = (word) => page.includes(`\`${word}\``);

// Every match of `pattern` in `text` is on the page, as code; at least `least`
// of them, so that a pattern which no longer fits the source is noticed.
function allInCode(text, pattern, least) {
  const words = [...new Set([...text.matchAll(pattern)].map((match) => match[1]))];
  assert.ok(words.length >= least, `only ${words.length} found: ${words}`);
  assert.deepEqual(words.filter((word) => !inCode(word)), [], 'missing on the page');
}

describe('every code of the source is on the page', () => {
  test('refusals of calls', () => allInCode(source('proxy/wire/refusal.cc'), /\{\d{3}, "(\w+)"\}/g, 12));
  test('the last of them, which is not in a row', () => assert.ok(inCode('internal_error')));
  test("what a record's error says", () => {
    const body = /error_code\([^]*?\n\}/.exec(source('proxy/pipeline/settler.cc'))[0];
    allInCode(body, /"(\w+)"/g, 7);
    allInCode(source('proxy/pipeline/provisional.cc'), /error = "(\w+)"/g, 1);
  });
  test('errors of the admin API', () => allInCode(source('admin/answer.cc'), /return "(\w+)";/g, 9));
  test('errors of the ledger', () => allInCode(source('policy/ledger/ledger.cc'), /return "(\w+)";/g, 7));
  test('events of the log', () => {
    const all = sources('proxy', 'proxy/server', 'proxy/pipeline', 'proxy/telemetry').map(([, text]) => text).join('\n');
    allInCode(all, /\blog_?\.(?:debug|info|warn|error)\(\s*LogModule::\w+,\s*"(\w+)"/g, 20);
  });
});

describe('every message of the source is on the page', () => {
  // The words of a literal, without the quotation mark that opens a name in it.
  const plain = (text) => text.replaceAll('\\"', '"').trim().replace(/[ ('.:]+$/, '');
  const missing = (found) => found.filter(([, words]) => !page.includes(words)).map((each) => each.join(': '));

  test('sentences of refusals', () => {
    const found = [];
    for (const [file, text] of sources('proxy/wire', 'proxy/pipeline', 'proxy/server')) {
      for (const [, literal] of text.matchAll(/"((?:The|This|There|No|A|Models) [^"\\]{8,})"/g)) {
        found.push([file, plain(literal)]);
      }
    }
    assert.ok(found.length > 40, `${found.length} found`);
    assert.deepEqual(missing(found), []);
  });

  test('ends of the sentence about a provider', () => {
    const body = /unreachable\([^]*?\n\}/.exec(source('proxy/pipeline/forward.cc'))[0];
    const found = [...body.matchAll(/\+= "([^"]+)"/g)].map(([, words]) => ['forward.cc', plain(words)]);
    assert.ok(found.length >= 6);
    assert.deepEqual(missing(found), []);
  });

  test('errors of the start', () => {
    const files = [
      ...sources('policy/ledger').filter(([file]) => !/sqlite_usage|redis_cells/.test(file)),  // the API's answers
      ...sources('proxy').filter(([file]) => /\/(log_file|program|store)/.test(file)),
      ...['proxy/net/tls_contexts.cc', 'proxy/server/listener.cc', 'admin/admin_key_file.cc',
          'admin/key_store.cc', 'admin/auth.cc'].map((file) => [file, source(file)]),
    ];
    const found = [];
    for (const [file, text] of files) {
      for (const [, argument] of text.matchAll(/unexpected\(([^;]*);/gs)) {
        // Literals of an expression stand at every second place between quotes.
        argument.split(/(?<!\\)"/).forEach((piece, at) => {
          if (at % 2 === 1 && piece.length >= 12 && piece.includes(' ')) found.push([file, plain(piece)]);
        });
      }
    }
    assert.ok(found.length > 30, `${found.length} found`);
    assert.deepEqual(missing(found), []);
  });

  test('what is said of a configuration', () => {
    const files = [...sources('policy/yaml'), ...sources('policy', 'proxy').filter(([file]) =>
      /\/config(?!_keys|_reference|_summary|_notes)/.test(file))];
    const found = [];
    for (const [file, text] of files) {
      // Literals that stand next to each other are one.
      const joined = text.replace(/^\s*\/\/.*$/gm, '').replace(/"\s*\n\s*"/g, '');
      for (const [, literal] of joined.matchAll(
        /\b(?:format|problem|unexpected|wrong|scalar|warn|report)\([^()"]*"((?:[^"\\]|\\.){12,})"/g)) {
        if (!literal.includes(' ')) continue;
        const shown = literal.replaceAll('\\"', '"').replaceAll('{{', '\u0001').replaceAll('}}', '\u0002');
        for (const piece of shown.split(/\{\d*\}/)) {
          const words = piece.replaceAll('\u0001', '{').replaceAll('\u0002', '}').replace(/^[;:,] /, '').trim();
          if (words.length >= 4) found.push([file, words]);
        }
      }
    }
    assert.ok(found.length > 100, `${found.length} found`);
    assert.deepEqual(missing(found), []);
  });

  test('what the ledger logs', () => {
    const found = [];
    for (const [file, text] of sources('policy/ledger')) {
      for (const [, argument] of text.matchAll(/\blog_?\(([^;]*);/gs)) {
        argument.split(/(?<!\\)"/).forEach((piece, at) => {
          if (at % 2 === 1 && piece.length >= 16) found.push([file, plain(piece).replace(/ of$/, '')]);
        });
      }
    }
    assert.ok(found.length >= 8, `${found.length} found`);
    // Figures within a line are not told on the page.
    assert.deepEqual(missing(found.filter(([, words]) => !/^(bytes at|s after)/.test(words))), []);
  });
});

describe('the configurations that the page shows are refused with its words', () => {
  const section = page.slice(page.indexOf('## The configuration is refused'), page.indexOf('## What the log says'));
  const rows = [...section.matchAll(/^\| `(.+?)` \| (.+?) \|$/gm)].map((match) => [match[1], match[2]]);
  test('there are some', () => assert.ok(rows.length >= 30, `${rows.length}`));
  for (const [yaml, words] of rows) {
    test(yaml, async () => {
      const checked = await check(`${yaml}\n`);
      assert.equal(checked.code, 1, checked.stdout);
      assert.ok((checked.stdout + checked.stderr).includes(words), checked.stdout + checked.stderr);
    });
  }
});

describe('starts that fail say what the page says', () => {
  let running;
  let blocker;
  before(async () => {
    running = await new Budget({config: 'providers: {simulated: {format: simulated}}'}).start();
    blocker = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
  });
  after(async () => {
    await running?.stop();
    blocker?.close();
  });

  const python = (script, ...args) => run('python3', ['-c', script, ...args]);
  const cases = [
    ['is in use by another process', () => ({store: path.join(running.folder, 'data')})],
    ['Address already in use', () => ({address: `127.0.0.1:${blocker.address().port}`})],
    ['the address is not known', () => ({address: 'no-such-host.invalid:1'})],
    ["cannot make the store's folder", () => ({store: '/proc/nowhere/data'})],
    ['; this program knows up to', async (folder) => {
      const store = path.join(folder, 'data');
      fs.mkdirSync(store);
      const made = await python('import sqlite3,sys\nd=sqlite3.connect(sys.argv[1])\nd.execute("PRAGMA user_version=99")\nd.commit()',
        path.join(store, 'ledger.sqlite'));
      assert.equal(made.code, 0, made.stderr);
      return {store};
    }],
  ];
  for (const [words, arrange] of cases) {
    test(words, async () => {
      const folder = temporaryFolder();
      const {store = path.join(folder, 'data'), address = '127.0.0.1:0'} = await arrange(folder);
      const file = path.join(folder, 'budget.yaml');
      fs.writeFileSync(file, `listen: [{address: "${address}"}]\nstore: {path: ${store}}\n`);
      const ended = await run(binary, ['serve', '--config', file], {timeoutMs: 20_000});
      fs.rmSync(folder, {recursive: true});
      assert.equal(ended.code, 1, ended.stderr);
      assert.ok(ended.stderr.includes(words), ended.stderr);
      assert.ok(page.includes(words), `the page lacks ${words}`);
    });
  }
});
