// What the Dashboard shows is what the API tells, to the last digit.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {logIn, openPage, settle, show, startBrowser, startBudget} from './lib/setting.mjs';
import {seed} from './lib/traffic.mjs';

let budget, browser;
before(async () => {
  budget = await startBudget();
  browser = await startBrowser();
  await seed(budget);
});
after(async () => {
  await browser?.close();
  await budget?.stop();
});

const nano = (text) => BigInt(text.replace('.', ''));  // nine places

// As it is shown: cut to `places`, never rounded.
function shown(value, places) {
  const whole = (value / 10n ** 9n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = (value % 10n ** 9n).toString().padStart(9, '0');
  return `$${whole}.${fraction.slice(0, places)}`;
}

test('the limits are those of the summary', async () => {
  const page = await openPage(browser, budget);
  await logIn(page, budget);
  await settle(page);
  const lines = (await budget.api('/api/budgets/tekton/summary?limit=500')).items;
  for (const policy of ['daily-cap', 'weekly-cap', 'monthly-cap']) {
    const line = lines.find((each) => each.policy === policy && each.partition === '');
    const card = page.locator(`[data-policy="tekton/${policy}"]`);
    const spent = card.locator('.value [data-nano]');
    assert.equal(await spent.getAttribute('data-nano'), String(line.spent_nano), policy);
    assert.equal(await spent.textContent(), shown(nano(line.spent), 4));
    assert.equal(await spent.getAttribute('title'), `$${line.spent}`);
    assert.equal(await card.locator('.value small span').getAttribute('title'), `$${line.limit}`);
  }
  page.check();
  await page.context().close();
});

test('where it goes is the sums by each field, and its rest', async () => {
  const page = await openPage(browser, budget);
  await logIn(page, budget);
  for (const [field, name] of [['component', 'Component'], ['model', 'Model'], ['provider', 'Provider'], ['task_type', 'Task type']]) {
    await page.getByRole('group', {name: 'By'}).getByRole('button', {name}).click();
    await settle(page);
    // The page's seven days end when it asked; none of the seed is at the edge.
    const answer = await budget.post('/api/usage/summary',
      {start_time: new Date(Date.now() - 7 * 86_400_000).toISOString(), group_by: [field]}, {'x-api-key': budget.adminKey});
    const {groups} = JSON.parse(answer.body).data;
    const want = groups.map((each) => [each.group[field] || 'none', BigInt(each.total_cost_nano)]).sort((a, b) => Number(b[1] - a[1]));
    const rows = page.locator('.rows .row');
    const got = [];
    for (let i = 0; i < await rows.count(); ++i) {
      got.push([await rows.nth(i).locator(':scope > :first-child').textContent(), BigInt(await rows.nth(i).locator('[data-nano]').getAttribute('data-nano'))]);
    }
    const few = want.length > 6 ? [...want.slice(0, 5), [`${want.length - 5} more`, want.slice(5).reduce((sum, [, cost]) => sum + cost, 0n)]] : want;
    assert.deepEqual(new Map(got), new Map(few), field);
  }
  page.check();
  await page.context().close();
});

test('the latest calls and every call of Usage cost what their records say', async () => {
  const page = await openPage(browser, budget);
  await logIn(page, budget);
  await settle(page);
  const records = await budget.records();
  records.reverse();
  const latest = page.getByRole('region', {name: 'Latest calls'}).locator('tbody [data-nano]');
  assert.equal(await latest.count(), 8);
  for (let i = 0; i < 8; ++i) assert.equal(await latest.nth(i).getAttribute('data-nano'), String(records[i].total_cost_nano));
  await show(page, 'usage?range=all');
  await settle(page);
  const foot = page.locator('.virtual .foot');
  assert.equal(await foot.locator('[data-nano]').getAttribute('data-nano'),
    String(records.reduce((sum, each) => sum + BigInt(each.total_cost_nano), 0n)));
  assert.match(await foot.textContent(), new RegExp(`^${records.length} calls`));
  // Scrolled through, every record is seen once, in order.
  const seen = new Map();
  const body = page.locator('.virtual .body');
  for (let top = 0; seen.size < records.length && top < records.length * 34 + 2000; top += 500) {
    await body.evaluate((element, to) => { element.scrollTop = to; }, top);
    await page.waitForTimeout(60);
    await settle(page);
    const costs = await body.locator('.line').evaluateAll((lines) => lines.map((line) =>
      [Number(line.getAttribute('aria-rowindex')) - 2, line.querySelector('[data-nano]')?.dataset.nano]));
    for (const [index, cost] of costs) if (cost !== undefined) seen.set(index, cost);
  }
  assert.equal(seen.size, records.length);
  for (const [index, cost] of seen) assert.equal(cost, String(records[index].total_cost_nano), `row ${index}`);
  page.check();
  await page.context().close();
});
