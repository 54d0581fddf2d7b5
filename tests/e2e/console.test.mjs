// The console's files as any client gets them; tests/ui has what a browser
// makes of them.
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import {after, before, test} from 'node:test';
import {Budget} from './lib/budget.mjs';

let budget;
before(async () => { budget = await new Budget({config: 'providers: {simulated: {format: simulated}}'}).start(); });
after(() => budget.stop());

const page = (headers = {}) => budget.fetch('/', {headers: {accept: 'text/html,*/*;q=0.8', ...headers}});

test('a browser gets the page at / and everybody at /ui, without a key; others get text', async () => {
  const html = await page();
  assert.equal(html.status, 200);
  assert.equal(html.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(html.body.toString(), /^<!doctype html>/);
  assert.deepEqual((await budget.fetch('/ui')).body, html.body);
  const text = await budget.fetch('/', {headers: {accept: '*/*'}});
  assert.equal(text.headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(text.headers.vary, /accept/);
});

test('all that the page names is there, in each encoding, to be kept for ever', async () => {
  const names = (await page()).body.toString().match(/\/ui\/[\w.-]+/g);
  assert.ok(names.length >= 4, names.join());
  const decode = {br: zlib.brotliDecompressSync, gzip: zlib.gunzipSync};
  for (const name of names) {
    const whole = await budget.fetch(name);
    assert.equal(whole.status, 200, name);
    assert.equal(whole.headers['content-encoding'], undefined);
    assert.match(whole.headers['cache-control'], /immutable/);
    for (const encoding of ['br', 'gzip']) {
      const packed = await budget.fetch(name, {headers: {'accept-encoding': encoding}});
      // A tiny file may be smaller as it is.
      if (packed.headers['content-encoding']) assert.deepEqual(decode[encoding](packed.body), whole.body, name);
      assert.ok(packed.body.length <= whole.body.length);
      const again = await budget.fetch(name, {headers: {'accept-encoding': encoding, 'if-none-match': packed.headers.etag}});
      assert.equal(again.status, 304);
      assert.equal(again.body.length, 0);
    }
  }
});

test('HEAD has no body, another method is refused, and what is not there is not found', async () => {
  const head = await budget.fetch('/ui', {method: 'HEAD'});
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  assert.equal((await budget.fetch('/ui/none.js')).status, 404);
  assert.equal((await budget.fetch('/ui/..%2Fadmin.key')).status, 404);
  const post = await budget.fetch('/ui', {method: 'POST', headers: {'x-api-key': budget.adminKey}, body: '{}'});
  assert.equal(post.status, 405);
});

test('the element for other pages may be loaded by them, and nothing else', async () => {
  const element = await budget.fetch('/ui/tekton-budget.js', {headers: {origin: 'https://elsewhere.example'}});
  assert.equal(element.status, 200);
  assert.equal(element.headers['access-control-allow-origin'], '*');
  assert.equal(element.headers['cache-control'], 'no-cache');
  for (const path of ['/', '/ui', '/api/budgets']) {
    const answer = await budget.fetch(path, {headers: {origin: 'https://elsewhere.example', accept: 'text/html'}});
    assert.equal(answer.headers['access-control-allow-origin'], undefined, path);
  }
});
