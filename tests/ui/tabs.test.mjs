// Every tab, in both themes, on a desktop and a phone: drawn, readable for
// everybody, without an error.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {logIn, openPage, picture, settle, show, startBrowser, startBudget, violations} from './lib/setting.mjs';
import {call, seed} from './lib/traffic.mjs';

const tabs = ['dashboard', 'usage', 'budgets', 'budgets?budget=tekton', 'budgets?make=tekton', 'budgets/prices', 'budgets/providers',
  'budgets/keys', 'budgets/settings', 'alerts', 'allocations', 'cli', 'chat', 'team'];
const nameOf = (tab) => tab.replace(/[^a-z]+/g, '-');
let budget, browser, record;

before(async () => {
  budget = await startBudget();
  browser = await startBrowser();
  await seed(budget);
  record = (await budget.api('/api/usage/records?limit=1')).items[0].request_id;
  const post = async (path, body) => assert.ok((await budget.post(path, body, {'x-api-key': budget.adminKey})).status < 300, path);
  await post('/api/allocations', {context_id: 'ctx-night', tokens_allocated: 50_000, component: 'apollo'});
  await post('/api/keys', {name: 'Night build', component: 'codex', models: ['gpt-4o*']});
  await post('/api/team/messages', {text: 'The weekly limit is nearly reached; I raise it until Monday.'});
  await post('/api/budgets', {name: 'experiments', owner: 'lab', description: 'Trying things out'});
  await post('/api/policies', {budget_id: 'experiments', name: 'weekly', period: 'weekly', cost_limit: '12.50', type: 'hard_limit'});
});
after(async () => {
  await browser?.close();
  await budget?.stop();
});

for (const [scheme, width, height] of [['light', 1440, 1000], ['dark', 1440, 1000], ['light', 390, 844], ['dark', 390, 844]]) {
  const where = `${scheme}-${width < 600 ? 'phone' : 'desktop'}`;
  test(`every tab in ${where}: no violation, no error, no other host`, async () => {
    const page = await openPage(browser, budget, {scheme, width, height});
    await page.goto(budget.url);
    await page.getByLabel('Admin key').waitFor();
    await picture(page, `login-${where}`);
    const found = [...(await violations(page)).map((each) => `login: ${each}`)];
    await logIn(page, budget);
    for (const tab of tabs) {
      await show(page, tab);
      await settle(page);
      if (tab === 'cli') {
        await page.getByLabel('Command', {exact: true}).fill('/usage week by model');
        await page.keyboard.press('Enter');
        await page.locator('.bars').first().waitFor();
      }
      if (tab === 'chat') {
        await page.getByRole('button', {name: 'How could money be saved?'}).click();
        await page.locator('.said .text').nth(1).waitFor();
        await page.getByRole('button', {name: 'Ask', exact: true}).waitFor();
      }
      await picture(page, `${nameOf(tab)}-${where}`);
      found.push(...(await violations(page)).map((each) => `${tab}: ${each}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${tab}: is ${wide} px wider than the window`);
    }
    await show(page, `usage?record=${record}`);
    await page.getByRole('dialog', {name: 'A call'}).getByText('Timing').waitFor();
    await picture(page, `record-${where}`);
    found.push(...(await violations(page)).map((each) => `record: ${each}`));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', {name: 'Search or run'}).waitFor();
    await picture(page, `palette-${where}`);
    found.push(...(await violations(page)).map((each) => `palette: ${each}`));
    assert.deepEqual(found, []);
    page.check();
    await page.context().close();
  });
}

test('the first load is under 150 KB, compressed, and can be used within a second', async () => {
  const page = await openPage(browser, budget);
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  let bytes = 0;
  client.on('Network.loadingFinished', ({encodedDataLength}) => { bytes += encodedDataLength; });
  const began = performance.now();
  await page.goto(budget.url);
  await page.getByLabel('Admin key').waitFor();
  const took = performance.now() - began;
  assert.ok(bytes > 20_000 && bytes < 150_000, `${bytes} bytes`);
  // The machine may be busy with more than this.
  assert.ok(took < 4000, `${took} ms`);
  console.log(`first load: ${bytes} bytes, ${Math.round(took)} ms`);
  page.check();
  await page.context().close();
});

test('the page allows nothing from elsewhere and nothing inline', async () => {
  const answer = await budget.fetch('/', {headers: {accept: 'text/html', 'accept-encoding': 'br'}});
  assert.equal(answer.headers['content-encoding'], 'br');
  const policy = answer.headers['content-security-policy'];
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|\*|http/);
  const again = await budget.fetch('/', {headers: {accept: 'text/html', 'accept-encoding': 'br', 'if-none-match': answer.headers.etag}});
  assert.equal(again.status, 304);
  assert.equal(again.body.length, 0);
});

test('what cannot be reached says so, and comes back by itself', async () => {
  const page = await openPage(browser, budget);
  await logIn(page, budget);
  await settle(page);
  page.expected.push(/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|WebSocket/);
  await page.context().setOffline(true);
  await call(budget, 'rhetor');
  await page.getByText('Budget has not answered').waitFor();
  await page.context().setOffline(false);
  await page.getByText('Budget has not answered').waitFor({state: 'detached'});
  page.check();
  await page.context().close();
});
