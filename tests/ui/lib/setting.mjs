// The server and the browser that the tests of the console share.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createRequire} from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import {chromium} from 'playwright-core';
import {Budget} from '../../e2e/lib/budget.mjs';

const executablePath = process.env.BUDGET_CHROMIUM ?? '/usr/bin/chromium';
export const pictures = process.env.BUDGET_PICTURES ?? path.resolve('console-pictures');
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const keys = {
  admin: 'admin-key-that-is-at-least-32-characters',
  operator: 'operator-key-of-at-least-32-characters',
  viewer: 'viewer-key-of-at-least-32-characters',
};

const config = `
admin:
  keys:
    - {name: ada, role: admin, key: ${keys.admin}}
    - {name: otto, role: operator, key: ${keys.operator}}
    - {name: vera, role: viewer, key: ${keys.viewer}}
providers:
  openai: {format: simulated}
  anthropic: {format: simulated}
  gemini: {format: simulated}
  ollama: {format: simulated, price: free}
tiers:
  small: ["*mini*", "*haiku*", "*flash*"]
  large: ["*"]
prices: {overrides: {"*/*": {input: 25.00, output: 100.00, cache_read: 2.50}}}
budgets:
  - name: tekton
    owner: platform
    description: Everything Tekton spends
    timezone: America/New_York
    policies:
      - {name: daily-cap, period: daily, cost_limit: 20.00, when_exceeded: [clamp]}
      - {name: weekly-cap, period: weekly, cost_limit: 75.00}
      - {name: monthly-cap, type: soft_limit, period: monthly, cost_limit: 300.00}
      - {name: codex-hourly, period: hourly, match: {component: codex}, token_limit: 400000}
      - {name: per-component, type: warn, period: daily, per: [component], cost_limit: 4.00}
  - name: research
    owner: lab
    policies:
      - {name: tiny, period: daily, match: {component: sophia}, cost_limit: 0.0000012}
      - {name: rate, period: daily, match: {component: terma}, request_limit: 3}
`;

export async function startBudget(options = {}) {
  const budget = await new Budget({config, adminKey: keys.admin, ...options}).start();
  if (process.env.BUDGET_UI_DEV) await serveSources(budget);
  return budget;
}

// While one works on the console: as it is in ui/, not as it is in the binary.
async function serveSources(budget) {
  const script = path.resolve(import.meta.dirname, '../../../ui/dev.mjs');
  const server = spawn(process.execPath, [script, '0'], {env: {...process.env, BUDGET_URL: budget.url}, stdio: ['ignore', 'pipe', 'inherit']});
  const [line] = await once(server.stdout, 'data');
  budget.url = String(line).split(' ')[0];
  const stop = budget.stop.bind(budget);
  budget.stop = () => { server.kill(); return stop(); };
}

export async function startBrowser() {
  return chromium.launch({executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']});
}

// A page that keeps what went wrong: errors of the console, exceptions, and
// requests to another host. Await `page.check()` in the end.
export async function openPage(browser, budget, {scheme = 'light', width = 1440, height = 1000, ...rest} = {}) {
  const context = await browser.newContext({viewport: {width, height}, colorScheme: scheme, reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin', locale: 'en-US', ...rest});
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.troubles = [];
  page.expected = [];  // patterns of errors that the test brings about
  page.on('console', (message) => {
    if (message.type() === 'error') page.troubles.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => page.troubles.push(`exception: ${error.stack}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== budget.url && !request.url().startsWith('data:')) {
      page.troubles.push(`a request left for ${request.url()}`);
    }
  });
  page.check = () => {
    const unexpected = page.troubles.filter((each) => !page.expected.some((pattern) => pattern.test(each)));
    if (unexpected.length > 0) throw new Error(unexpected.join('\n'));
  };
  return page;
}

export async function logIn(page, budget, key = keys.admin) {
  await page.goto(budget.url);
  await page.getByLabel('Admin key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', {name: 'Main'}).waitFor();
}

export async function show(page, view) {
  await page.evaluate((hash) => { location.hash = hash; }, `#/${view}`);
}

// Until nothing is loading any more.
export async function settle(page) {
  await page.waitForFunction(() => document.querySelectorAll('[aria-busy="true"], .virtual .body .skeleton').length === 0);
  await page.waitForTimeout(120);
}

// What axe finds wrong, in words.
export async function violations(page) {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const {violations: found} = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']});
    return found.map(({id, help, nodes}) => `${id}: ${help}: ${nodes.slice(0, 3).map(({target, failureSummary}) =>
      `${target.join(' ')} (${failureSummary.split('\n').slice(1, 3).join(' ').trim()})`).join('; ')}`);
  });
}

export async function picture(page, name) {
  fs.mkdirSync(pictures, {recursive: true});
  await page.screenshot({path: path.join(pictures, `${name}.png`), fullPage: true});
}
