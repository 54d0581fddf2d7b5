// What callers say of themselves is text, everywhere.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {logIn, openPage, settle, show, startBrowser, startBudget} from './lib/setting.mjs';
import {call} from './lib/traffic.mjs';

const attack = '<img src=x onerror=window.struck=1>';
const script = '"><script>window.struck=1</script>';
let budget, browser;
before(async () => {
  budget = await startBudget();
  browser = await startBrowser();
  await call(budget, attack, {headers: {'user-agent': script, 'x-budget-task-type': script, 'x-budget-user': attack, 'x-budget-context': script,
    'x-budget-tags': `a=${attack}`}});
  const post = async (path, body) => {
    const answer = await budget.post(path, body, {'x-api-key': budget.adminKey});
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.body}`);
  };
  await post('/api/usage/record', {provider: 'openai', model: attack, component: script, user: attack, input_tokens: 5, output_tokens: 7, error: attack});
  await post('/api/team/messages', {text: `${attack}${script}`});
  await post('/api/keys', {name: attack, component: script});
  await post('/api/allocations', {context_id: attack, component: script, tokens_allocated: 10});
  await post('/api/budgets', {name: 'odd', owner: attack, description: script});
});
after(async () => {
  await browser?.close();
  await budget?.stop();
});

test('names, messages and descriptions that are markup show as text', async () => {
  const page = await openPage(browser, budget);
  await logIn(page, budget);
  const {items} = await budget.api('/api/usage/records?limit=5');
  const places = [['dashboard', attack], ['usage?range=all', attack], ['usage?range=all&group=component', script], ['usage?range=all&group=model', attack],
    ...items.map((each) => [`usage?record=${each.request_id}`, attack]), ['budgets?budget=odd', attack], ['budgets/keys', attack],
    ['allocations', attack], [`cli?run=${encodeURIComponent('/usage by component')}`, script], ['team', attack], ['budgets/settings', 'odd']];
  for (const [place, said] of places) {
    await show(page, place);
    await settle(page);
    const text = await page.evaluate(() => document.body.innerText);
    const titles = await page.evaluate(() => [...document.querySelectorAll('[title]')].map((each) => each.getAttribute('title')).join('\n'));
    assert.ok(text.includes(said) || titles.includes(said), `${place} does not show ${said}`);
    assert.equal(await page.evaluate(() => document.querySelectorAll('img, body script').length), 0, place);
  }
  assert.equal(await page.evaluate(() => window.struck), undefined);
  page.check();
  await page.context().close();
});
