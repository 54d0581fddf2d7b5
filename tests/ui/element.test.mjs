// <tekton-budget> in another page, whose server hands its requests on.
import assert from 'node:assert/strict';
import http from 'node:http';
import {after, before, test} from 'node:test';
import {keys, openPage, startBrowser, startBudget} from './lib/setting.mjs';
import {call} from './lib/traffic.mjs';

let budget, browser, host, url;

const page = `<!doctype html><html lang="en"><head><title>Host</title><link rel="stylesheet" href="/host.css">
<script type="module" src="/budget/ui/tekton-budget.js"></script></head>
<body><main><h1 id="own">Hephaestus</h1><tekton-budget url="/budget" data-theme="dark"></tekton-budget></main></body></html>`;
const style = 'h1, button { color: rgb(255, 0, 0); } tekton-budget { height: 700px; }';

// As docs/console.md has it for nginx.
function forward(req) {
  return http.request(budget.url + req.url.replace(/^\/budget/, ''), {method: req.method, headers: req.headers});
}

before(async () => {
  budget = await startBudget();
  browser = await startBrowser();
  await call(budget, 'rhetor');
  host = http.createServer((req, res) => {
    if (req.url.startsWith('/budget/')) {
      const asked = forward(req).on('response', (answer) => {
        res.writeHead(answer.statusCode, answer.headers);
        answer.pipe(res);
      });
      req.pipe(asked);
      return;
    }
    const css = req.url === '/host.css';
    res.writeHead(200, {'content-type': css ? 'text/css' : 'text/html',
      'content-security-policy': "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'"});
    res.end(css ? style : page);
  });
  host.on('upgrade', (req, socket) => {
    forward(req).on('upgrade', (answer, far, head) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`);
      socket.write(head);
      far.pipe(socket).pipe(far);
      far.on('error', () => socket.destroy());
      socket.on('error', () => far.destroy());
    }).on('error', () => socket.destroy()).end();
  });
  await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${host.address().port}`;
});
after(async () => {
  await browser?.close();
  host?.closeAllConnections();
  host?.close();
  await budget?.stop();
});

test('the element is the whole console, live, and leaves the page around it alone', async () => {
  const view = await openPage(browser, {url});
  await view.goto(url);
  await view.getByLabel('Admin key').fill(keys.admin);
  await view.keyboard.press('Enter');
  await view.getByRole('navigation', {name: 'Main'}).waitFor();
  await view.locator('.live', {hasText: 'Live'}).waitFor();
  const spent = view.locator('[data-policy="tekton/daily-cap"] .value [data-nano]');
  const before = await spent.getAttribute('data-nano');
  await call(budget, 'rhetor');
  await view.waitForFunction((old) => document.querySelector('tekton-budget').shadowRoot
    .querySelector('[data-policy="tekton/daily-cap"] .value [data-nano]').dataset.nano !== old, before, {timeout: 4000});
  for (const name of ['Usage', 'Budgets', 'Team Chat']) {
    await view.getByRole('link', {name, exact: true}).first().click();
    await view.getByRole('heading', {level: 1, name}).waitFor();
  }
  assert.equal(new URL(view.url()).hash, '');
  assert.equal(await view.title(), 'Host');
  // Neither side's styles reach the other.
  assert.equal(await view.locator('#own').evaluate((each) => getComputedStyle(each).color), 'rgb(255, 0, 0)');
  assert.notEqual(await view.getByRole('heading', {level: 1, name: 'Team Chat'}).evaluate((each) => getComputedStyle(each).color), 'rgb(255, 0, 0)');
  assert.equal(await view.locator('tekton-budget').evaluate((each) => getComputedStyle(each).backgroundColor), 'rgb(19, 20, 18)');
  await view.reload();
  await view.getByRole('navigation', {name: 'Main'}).waitFor();
  view.check();
  await view.context().close();
});
