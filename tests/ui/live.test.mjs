// What happens is seen by all who look, within a second, once.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {logIn, openPage, settle, show, startBrowser, startBudget} from './lib/setting.mjs';
import {call, record} from './lib/traffic.mjs';

let budget, browser;
before(async () => {
  budget = await startBudget();
  browser = await startBrowser();
  await record(budget, Number(process.env.BUDGET_UI_RECORDS ?? 3000), {days: 6, size: 60});
});
after(async () => {
  await browser?.close();
  await budget?.stop();
});

async function looking(view, options) {
  const page = await openPage(browser, budget, options);
  await logIn(page, budget);
  await show(page, view);
  await settle(page);
  await page.locator('.live', {hasText: 'Live'}).waitFor();
  return page;
}

// The machine may be busy with more than this.
const soon = {timeout: 4000};

test('two browsers see each other’s changes and new calls', async () => {
  const one = await looking('dashboard');
  const two = await looking('budgets');
  const three = await looking('team');
  const four = await looking('team');
  const spent = one.locator('[data-policy="tekton/daily-cap"] .value [data-nano]');
  const before = await spent.getAttribute('data-nano');
  const answer = await call(budget, 'rhetor');
  const began = performance.now();
  await one.waitForFunction((old) => document.querySelector('[data-policy="tekton/daily-cap"] .value [data-nano]').dataset.nano !== old, before, soon);
  console.log(`a call was seen after ${Math.round(performance.now() - began)} ms`);
  assert.equal(answer.status, 200);
  const made = await budget.post('/api/policies', {budget_id: 'tekton', name: 'seen-live', period: 'daily', cost_limit: '3'}, {'x-api-key': budget.adminKey});
  assert.equal(made.status, 201);
  await two.getByRole('link', {name: 'seen-live'}).waitFor(soon);
  await three.getByPlaceholder('Write to the team').fill('Hello, you there');
  await three.keyboard.press('Enter');
  await four.getByText('Hello, you there').waitFor(soon);
  await three.waitForTimeout(500);
  assert.equal(await three.getByText('Hello, you there').count(), 1);
  assert.equal(await four.getByText('Hello, you there').count(), 1);
  for (const page of [one, two, three, four]) { page.check(); await page.context().close(); }
});

test('what is refused is seen with its reason', async () => {
  const page = await looking('dashboard');
  for (let i = 0; i < 3; ++i) assert.equal((await call(budget, 'sophia')).status, 429);
  const row = page.getByRole('row').filter({hasText: 'sophia'}).filter({hasText: 'tiny'});
  await row.waitFor(soon);
  await page.waitForFunction(() => [...document.querySelectorAll('tr')].some((each) => /sophia.*tiny.*3$/.test(each.textContent)), null, soon);
  page.check();
  await page.context().close();
});

test('the socket is cut and comes back, without an event lost or doubled', async () => {
  const page = await openPage(browser, budget);
  page.expected.push(/WebSocket/);
  const open = [];
  await page.routeWebSocket(/\/ws\/budget\//, (socket) => { socket.connectToServer(); open.push(socket); });
  await logIn(page, budget);
  await show(page, 'usage');
  await page.locator('.live', {hasText: 'Live'}).waitFor();
  await settle(page);
  const fresh = page.getByRole('main').getByRole('button', {name: /Refresh|new call/});
  await call(budget, 'apollo');
  await page.getByRole('button', {name: 'Show 1 new call'}).waitFor(soon);
  for (const socket of open.splice(0)) await socket.close();
  await page.locator('.live', {hasText: 'Every'}).waitFor();
  for (let i = 0; i < 5; ++i) await call(budget, 'apollo');
  await page.locator('.live', {hasText: 'Live'}).waitFor();
  await page.waitForTimeout(800);
  assert.equal(await fresh.textContent(), 'Show 6 new calls');
  page.check();
  await page.context().close();
});

test('a changed figure does not make the page flicker', async () => {
  const page = await looking('dashboard');
  await page.locator('.budget[data-policy]').first().waitFor();
  await settle(page);
  await page.evaluate(() => {
    window.gone = 0;
    new MutationObserver((changes) => {
      for (const {addedNodes} of changes) for (const node of addedNodes) {
        if (node.nodeType === 1 && (node.matches('.skeleton') || node.querySelector('.skeleton'))) window.gone += 1;
      }
    }).observe(document.querySelector('main'), {childList: true, subtree: true});
    window.card = document.querySelector('.budget[data-policy]');
  });
  for (let i = 0; i < 6; ++i) {
    await call(budget, 'codex');
    await page.waitForTimeout(200);
  }
  await settle(page);
  assert.equal(await page.evaluate(() => window.gone), 0);
  assert.ok(await page.evaluate(() => window.card.isConnected));
  page.check();
  await page.context().close();
});

test('a long list scrolls smoothly, with few rows in the page', async () => {
  const page = await looking('usage?range=all');
  const body = page.locator('.virtual .body');
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', {timeDomain: 'threadTicks'});
  const spent = async () => (await client.send('Performance.getMetrics')).metrics.find(({name}) => name === 'TaskDuration').value * 1000;
  const before = await spent();
  const frames = await body.evaluate((element) => new Promise((resolve) => {
    const times = [];
    let last = performance.now();
    let step = 0;
    const frame = (now) => {
      times.push(now - last);
      last = now;
      element.scrollTop += 400;
      if (++step < 120) requestAnimationFrame(frame); else resolve(times.sort((a, b) => a - b));
    };
    requestAnimationFrame(frame);
  }));
  const rows = await body.locator('.line').count();
  // Of the processor's time, not of the clock's: the machine may be busy.
  const each = (await spent() - before) / frames.length;
  console.log(`${rows} rows; a frame takes ${each.toFixed(1)} ms of the processor, and came every ${Math.round(frames[60])} ms`);
  assert.ok(rows < 120, `${rows} rows`);
  assert.ok(each < 16, `${each} ms a frame`);
  await settle(page);
  page.check();
  await page.context().close();
});
