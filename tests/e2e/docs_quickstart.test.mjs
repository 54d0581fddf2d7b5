// docs/quickstart.md, run: the configuration is checked and started; shell and
// JavaScript blocks are run against it and what they print is compared; Python
// is checked for its syntax, since its packages are not to be had everywhere.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget} from './lib/budget.mjs';
import {assertShown, check, partsOf, providersAt, readPage, run, Shell, startUpstream, withoutSections} from './lib/docs.mjs';

const page = 'docs/quickstart.md';
const parts = partsOf(readPage(page));
const blocks = parts.filter(({kind}) => kind !== 'heading' && kind !== 'calls');
const env = {OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', GEMINI_API_KEY: 'k', AWS_BEARER_TOKEN_BEDROCK: 'k'};

let upstream;
let budget;
let shell;
before(async () => {
  upstream = await startUpstream();
  const [config] = blocks.filter(({kind}) => kind === 'yaml');
  const checked = await check(config.text, {env});
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  budget = await new Budget({config: providersAt(withoutSections(config.text, ['listen', 'store']), upstream), env}).start();
  shell = new Shell(budget.folder, {BUDGET_URL: budget.url, BUDGET_API_KEY: budget.adminKey});
  fs.symlinkSync(path.join(import.meta.dirname, 'node_modules'), path.join(budget.folder, 'node_modules'));
});
after(async () => {
  await budget?.stop();
  await upstream?.stop();
});

const runners = {
  bash: (part, where) => shell.run(part.text, where),
  async js(part, where) {
    fs.writeFileSync(path.join(budget.folder, 'snippet.mjs'), part.text);
    const result = await run(process.execPath, ['snippet.mjs'],
      {cwd: budget.folder, env: {...process.env, ...env, BUDGET_URL: budget.url}});
    assert.equal(result.code, 0, `${where}:\n${result.stderr}`);
    return result.stdout;
  },
  async python(part, where) {
    const file = path.join(budget.folder, 'snippet.py');
    fs.writeFileSync(file, part.text);
    const result = await run('python3', ['-m', 'py_compile', file]);
    assert.equal(result.code, 0, `${where}:\n${result.stderr}`);
  },
};

describe('the quick start', () => {
  test('says of every block whether it is run', () => {
    for (const {kind, marker, line} of blocks) {
      assert.ok(marker, `${page}:${line}: a ${kind} block without a comment`);
    }
  });

  test('covers every client that the README names', () => {
    const titles = parts.filter(({kind}) => kind === 'heading').map(({text}) => text).join('\n');
    for (const name of ['curl', 'OpenAI', 'Anthropic', 'Google GenAI', 'Ollama', 'LangChain',
                        'LiteLLM', 'Claude Code', 'Codex', 'Bedrock']) {
      assert.ok(titles.includes(name), name);
    }
  });

  let printed;
  let title = '';
  for (const part of parts) {
    const where = `${page}:${part.line}`;
    if (part.kind === 'heading') title = part.text;
    if (part.marker === 'shows') {
      test(`${title}, line ${part.line}: prints what it shows`, () => assertShown(printed, part.text, where));
    } else if (part.marker === 'run' && part.kind !== 'yaml') {
      test(`${title}, line ${part.line}: the ${part.kind} runs`, async () => {
        printed = await runners[part.kind](part, where);
      });
    }
  }

  test('every base URL that is written out leads to its provider', async () => {
    const bases = [...readPage(page).matchAll(/http:\/\/127\.0\.0\.1:8013(\/[^\s"`]+)/g)].map((match) => match[1]);
    assert.ok(bases.length >= 3, bases.join(' '));
    for (const base of bases) {
      const messages = [{role: 'user', content: 'Hello!'}];
      const [target, body] = base.endsWith('anthropic')
        ? ['/v1/messages', {model: 'claude-sonnet-4-5', max_tokens: 5, messages}]
        : base.includes('codex')
          ? ['/responses', {model: 'gpt-4o-mini', max_output_tokens: 16, input: 'Hello!'}]
          : ['/chat/completions', {model: 'gpt-4o-mini', max_tokens: 5, messages}];
      const answer = await budget.post(base + target, body);
      assert.equal(answer.status, 200, `${base}: ${answer.body}`);
      const component = /@([\w-]+)/.exec(base)[1];
      assert.equal((await budget.records(`&component=${component}`)).at(-1).status, 200);
    }
  });
});
