// Every form: what is wrong is said at its field, what is right is done.
import assert from 'node:assert/strict';
import {after, before, beforeEach, afterEach, test} from 'node:test';
import {keys, logIn, openPage, settle, show, startBrowser, startBudget} from './lib/setting.mjs';
import {call, record} from './lib/traffic.mjs';

let budget, browser, page;
before(async () => {
  budget = await startBudget();
  browser = await startBrowser();
  await record(budget, 60);
  await call(budget, 'rhetor');
});
after(async () => {
  await browser?.close();
  await budget?.stop();
});
beforeEach(async () => {
  page = await openPage(browser, budget);
  await logIn(page, budget);
});
afterEach(async () => {
  page.check();
  await page.context().close();
});

const dialog = (name) => page.getByRole('dialog', {name});
const button = (name, within = page) => within.getByRole('button', {name, exact: true});
const toast = (text) => page.locator('.toast').filter({hasText: text}).first().waitFor();
// The browser tells of every answer that is a refusal.
const refused = (...statuses) => { for (const status of statuses) page.expected.push(new RegExp(`status of ${status}`)); };

test('a wrong key is refused and said so; the session outlives a reload and ends', async () => {
  await show(page, 'budgets/settings');
  await page.getByRole('main').getByRole('button', {name: 'Log out'}).click();
  await page.getByLabel('Admin key').waitFor();
  refused(401);
  await page.getByRole('button', {name: 'Log in'}).click();
  await page.getByText('Type or paste an admin key.').waitFor();
  await page.getByLabel('Admin key').fill('x'.repeat(40));
  await page.keyboard.press('Enter');
  await page.getByText('This key is not known here.').waitFor();
  await page.getByLabel('Admin key').fill(keys.admin);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', {name: 'Main'}).waitFor();
  await page.reload();
  await page.getByRole('navigation', {name: 'Main'}).waitFor();
  // The key is nowhere that a script could read it.
  const kept = await page.evaluate(() => JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie);
  assert.ok(!kept.includes(keys.admin));
  assert.ok(!kept.includes('budget_session'));
});

test('a budget is made, changed and removed', async () => {
  await show(page, 'budgets');
  await button('New budget').click();
  const form = dialog('New budget');
  await button('Make it', form).click();
  await form.getByText('is required').waitFor();
  await form.getByLabel('Name').fill('made-here');
  await form.getByLabel('Time zone').fill('Nowhere/At_all');
  refused(400);
  await button('Make it', form).click();
  await form.locator('.wrong').waitFor();
  await form.getByLabel('Time zone').fill('Europe/Berlin');
  await form.getByLabel('Owner').fill('me');
  await button('Make it', form).click();
  await page.getByRole('heading', {name: 'made-here'}).waitFor();
  await button('Change').click();
  await dialog('Change a budget').getByLabel('What it is for').fill('Trying');
  await button('Save', dialog('Change a budget')).click();
  await page.getByText('Trying', {exact: true}).waitFor();
  assert.equal((await budget.api('/api/budgets/made-here')).timezone, 'Europe/Berlin');
  refused(404);  // where it is removed between being listed and being read
  await button('Remove').click();
  await button('Remove it', dialog('Remove made-here?')).click();
  await toast('made-here is removed');
  const gone = await budget.fetch('/api/budgets/made-here', {headers: {'x-api-key': budget.adminKey}});
  assert.equal(gone.status, 404);
});

test('a policy is made with a preview, changed, and removed; the server’s word on it is shown', async () => {
  await show(page, 'budgets?make=tekton');
  await button('Put it in force').click();
  await page.getByText('At least one limit is needed.').waitFor();
  await page.getByLabel('Name').fill('from the page');
  await page.getByLabel('US dollars').fill('7.5.0');
  await button('Put it in force').click();
  await page.getByText('An amount such as 20.00').waitFor();
  await page.getByLabel('US dollars').fill('0.000000002');
  await page.getByText('At most $0.000000002 a day, whatever is called.').waitFor();
  refused(400);
  await button('Put it in force').click();
  await page.locator('.wrong, .wrong-box').first().waitFor();
  await page.getByLabel('Name').fill('from-the-page');
  await page.getByLabel('component', {exact: true}).check();
  await page.getByText('for each component').first().waitFor();
  // Nothing fits so small a limit: every call of the week would have been denied.
  await page.getByRole('region', {name: 'Preview'}).getByText(/\d+ denied/).waitFor();
  await page.getByText('Before a call is refused').click();
  await page.getByLabel('Shorten the answer to what is left').check();
  await page.getByLabel('US dollars').fill('1,250.75');
  await button('Put it in force').click();
  await page.getByRole('heading', {name: 'from-the-page'}).waitFor();
  let made = await budget.api('/api/policies/tekton%2Ffrom-the-page');
  assert.equal(made.cost_limit, '1250.750000000');
  assert.deepEqual([made.per, made.when_exceeded, made.source, made.period], [['component'], ['clamp'], 'api', 'daily']);
  await page.getByRole('link', {name: 'Change', exact: true}).click();
  await page.getByLabel('Period').selectOption('rolling');
  await page.getByLabel('Hours').fill('5');
  await page.getByLabel('Calls', {exact: true}).fill('900');
  await button('Save').click();
  await toast('from-the-page is changed');
  await page.getByText('and 900 calls in any 5 hours for each component').waitFor();
  made = await budget.api('/api/policies/tekton%2Ffrom-the-page');
  assert.deepEqual([made.rolling_seconds, made.request_limit, made.cost_limit], [18_000, 900, '1250.750000000']);
  await button('Remove').click();
  await button('Remove it', dialog('Remove from-the-page?')).click();
  await toast('from-the-page is removed');
});

test('what the file defines is read only, and can be raised for a time', async () => {
  await show(page, 'budgets?policy=tekton/daily-cap');
  await page.getByText(/Defined in .*budget.yaml/).waitFor();
  assert.equal(await page.getByRole('link', {name: 'Change', exact: true}).count(), 0);
  await button('Raise or stop').click();
  const form = dialog('Raise or stop');
  await form.getByLabel('US dollars').fill('forty');
  await button('Set it', form).click();
  await form.getByText('An amount such as 40.00').waitFor();
  await form.getByText('Say why').waitFor();
  await form.getByLabel('US dollars').fill('40');
  await form.getByLabel('Why').fill('The quarter ends');
  await button('Set it', form).click();
  const row = page.getByRole('region', {name: 'Raises'}).getByRole('row').filter({hasText: 'The quarter ends'});
  await row.getByText('active').waitFor();
  await page.getByText('of $40.00 a day').waitFor();
  await button('End it', row).click();
  await page.getByText('of $20.00 a day').waitFor();
});

test('a key is shown once, rotated and revoked', async () => {
  await show(page, 'budgets/keys');
  await button('New key').click();
  const form = dialog('New key');
  await button('Make it', form).click();
  await form.getByText('is required').waitFor();
  await form.getByLabel('Name').fill('From the page');
  await form.getByLabel('Component').fill('codex');
  await button('Make it', form).click();
  const secret = await dialog('The key').locator('code').textContent();
  assert.match(secret, /^bk_\w+_\w+/);
  await button('I have it').click();
  const row = page.getByRole('row').filter({hasText: 'From the page'});
  await row.getByText('active').waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await button('Rotate', row).click();
  await button('Rotate it').click();
  assert.notEqual(await dialog('The key').locator('code').textContent(), secret);
  await button('I have it').click();
  await button('Revoke', row).click();
  await button('Revoke it').click();
  await row.getByText('revoked').waitFor();
});

test('tokens are set aside and released', async () => {
  await show(page, 'allocations');
  await button('Set tokens aside').click();
  const form = dialog('Set tokens aside');
  await button('Set aside', form).click();
  await form.getByText('is required').waitFor();
  await form.getByLabel('Context').fill('ctx-page');
  await form.getByLabel('Tokens').fill('999,999,999,999');
  await form.getByLabel('Component').fill('codex');
  refused(409);
  await button('Set aside', form).click();
  await form.locator('.wrong-box').waitFor();
  await form.getByLabel('Tokens').fill('1,200');
  await button('Set aside', form).click();
  const row = page.getByRole('row').filter({hasText: 'ctx-page'});
  await row.getByText('0 of 1,200').waitFor();
  await button('Release', row).click();
  await button('Release it').click();
  await row.waitFor({state: 'detached'});
});

test('calls are narrowed, grouped, opened and exported', async () => {
  await show(page, 'usage');
  await settle(page);
  await button('Add a filter').click();
  await page.getByLabel('is', {exact: true}).fill('rhetor');
  await button('Add').click();
  await page.getByText('Component rhetor').waitFor();
  await settle(page);
  const cells = await page.locator('.virtual .body .line [role="cell"]:nth-child(2)').allTextContents();
  assert.ok(cells.length > 0 && cells.every((each) => each === 'rhetor'));
  const file = page.waitForEvent('download');
  await page.getByRole('link', {name: 'Export CSV'}).click();
  assert.equal((await file).suggestedFilename(), 'usage.csv');
  await page.locator('.virtual .body .line').first().click();
  await dialog('A call').getByText('Tokens').waitFor();
  await page.keyboard.press('Escape');
  await page.getByLabel('Group').selectOption('model');
  await button('Calls', page.getByRole('columnheader')).click();
  assert.equal(await page.getByRole('columnheader', {name: 'Calls'}).getAttribute('aria-sort'), 'descending');
  await page.getByRole('button', {name: 'Remove Component'}).click();
  await page.getByText('Component rhetor').waitFor({state: 'detached'});
  refused(404);
  await show(page, 'usage?record=req_of_nobody');
  await dialog('A call').getByText('This could not be read.').waitFor();
});

test('the command line answers all it lists, and completes and remembers', async () => {
  await show(page, 'cli');
  const prompt = page.getByLabel('Command', {exact: true});
  const say = async (line) => { await prompt.fill(line); await prompt.press('Enter'); };
  const answered = page.locator('.cli .answer');
  let asked = 0;
  for (const line of ['/help', '/budget', '/limits tekton', '/usage today by model', '/query component=rhetor', '/models', '/prices gpt-4o-mini', '/alerts', '/refresh']) {
    await say(line);
    await page.waitForFunction((n) => document.querySelectorAll('.cli .answer').length === n, ++asked);
    await page.waitForFunction(() => ![...document.querySelectorAll('.cli .answer .dim')].some((each) => each.textContent === '…'));
    assert.equal(await answered.last().locator('.bad-ink').count(), 0, line);
  }
  await say('/nothing');
  await page.getByText('There is no /nothing').waitFor();
  await say('/query colour=red');
  await page.getByText('colour=red is no filter').waitFor();
  await prompt.press('ArrowUp');
  assert.equal(await prompt.inputValue(), '/query colour=red');
  await prompt.fill('/lim');
  await prompt.press('Tab');
  assert.equal(await prompt.inputValue(), '/limits ');
  await say('/clear');
  assert.equal(await answered.count(), 0);
});

test('by keyboard alone: the palette goes somewhere, and a view is left and entered', async () => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('alloc');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', {name: 'Allocations', level: 1}).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'MAIN');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Theme: dark');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', {name: 'Search or run'}).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', {name: 'Search or run'}).waitFor({state: 'detached'});
  // Every control can be reached with Tab, and shows that it is.
  const reached = new Set();
  for (let i = 0; i < 40; ++i) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement.textContent));
  }
  for (const name of ['Dashboard', 'Team Chat', 'Set tokens aside']) assert.ok([...reached].some((each) => each.includes(name)), name);
});

test('a viewer reads, and is offered nothing else', async () => {
  const own = await openPage(browser, budget);
  await logIn(own, budget, keys.viewer);
  for (const [view, hidden] of [['dashboard', 'New policy'], ['budgets', 'New budget'], ['allocations', 'Set tokens aside'], ['budgets?policy=tekton/daily-cap', 'Raise or stop']]) {
    await show(own, view);
    await settle(own);
    assert.equal(await own.getByText(hidden, {exact: true}).count(), 0, view);
  }
  assert.equal(await own.getByRole('link', {name: 'Keys', exact: true}).count(), 0);
  own.check();
  await own.context().close();
});

test('an alert is seen by one and greyed for all; thresholds and severities are set', async () => {
  // The ninth tenth of a limit is passed.
  const made = await budget.post('/api/policies', {budget_id: 'research', name: 'alerting', period: 'daily', request_limit: 2, match: {component: 'bell'}},
    {'x-api-key': budget.adminKey});
  assert.equal(made.status, 201);
  for (let i = 0; i < 3; ++i) await call(budget, 'bell');
  await budget.post('/api/alerts/check', {}, {'x-api-key': budget.adminKey});
  await show(page, 'alerts');
  const line = page.locator('li.alert').filter({hasText: 'alerting'}).first();
  await line.waitFor();
  const open = await page.locator('.nav .count').textContent();
  await button('Seen', line).click();
  await line.getByText('seen by ada').waitFor();
  await page.waitForFunction((before) => (document.querySelector('.nav .count')?.textContent ?? '0') !== before, open);
  await page.getByRole('group', {name: 'State'}).getByRole('button', {name: 'Open'}).click();
  await line.filter({hasText: 'seen by'}).waitFor({state: 'detached'});
  const thresholds = page.getByLabel('Raise one at, percent of a limit');
  await thresholds.fill('50, 200');
  await button('Save').click();
  await page.getByText('Percents between 0 and 100').waitFor();
  await thresholds.fill('75, 90.5');
  await button('Save').click();
  await toast('Alerts are raised');
  assert.deepEqual((await budget.api('/api/alerts/settings')).thresholds, [0.75, 0.905]);
  await page.getByText('Set here, in place of the file’s.').waitFor();
});

test('the assistant answers from the numbers, shows what it read, and links what it names', async () => {
  await show(page, 'chat');
  await page.getByRole('button', {name: 'Where does the money go this week?'}).click();
  const answer = page.locator('.said').nth(1);
  await answer.locator('.text').waitFor();
  await page.getByRole('button', {name: 'Ask', exact: true}).waitFor();
  await answer.locator('details.tool').first().waitFor();
  assert.match(await answer.locator('.text').textContent(), /\$\d/);
  assert.ok(await answer.locator('.text a').count() > 0);
  await page.getByLabel('Question').fill('<b>And</b> which limit is next?');
  await page.keyboard.press('Enter');
  await page.locator('.said.mine').nth(1).getByText('<b>And</b> which limit is next?').waitFor();
  await page.getByRole('button', {name: 'Ask', exact: true}).waitFor();
  assert.equal(await page.locator('.said .bad-ink').count(), 0);
  await button('New talk').click();
  assert.equal(await page.locator('.said').count(), 0);
});

test('what could be saved is told on the command line', async () => {
  await show(page, 'cli');
  const prompt = page.getByLabel('Command', {exact: true});
  for (const line of ['/analyze week', '/optimize', '/recommend gpt-4o', '/recommend']) {
    await prompt.fill(line);
    await prompt.press('Enter');
    const answer = page.locator('.cli .answer').last();
    await answer.getByText(`› ${line}`).waitFor();
    await page.waitForFunction(() => ![...document.querySelectorAll('.cli .answer .dim')].some((each) => each.textContent === '…'));
    assert.equal(await answer.locator('.bad-ink').count(), 0, line);
  }
});
