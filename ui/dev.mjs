// For work on the console: builds it at every look, and hands everything else
// to a running Budget.
//   BUDGET_URL=http://127.0.0.1:8013 node dev.mjs [PORT]
import http from 'node:http';
import https from 'node:https';
import * as esbuild from 'esbuild';
import {elementOptions, filesOf, options, typeOf} from './pack.mjs';

const upstream = new URL(process.env.BUDGET_URL ?? 'http://127.0.0.1:8013');
const port = Number(process.argv[2] ?? 5173);
const client = upstream.protocol === 'https:' ? https : http;
const context = await esbuild.context({...options, minify: false, sourcemap: 'inline'});
const element = await esbuild.context(elementOptions);
let files = filesOf(await context.rebuild(), await element.rebuild());

function forward(req, options = {}) {
  return client.request({
    host: upstream.hostname, port: upstream.port, path: req.url, method: req.method,
    // A session is only good from the server's own origin, which this one stands for.
    headers: {...req.headers, host: upstream.host, ...(req.headers.origin && {origin: upstream.origin})},
    rejectUnauthorized: false, ...options});
}

const server = http.createServer(async (req, res) => {
  const name = req.url === '/' ? 'index.html' : req.url.match(/^\/ui\/([^?]+)/)?.[1];
  if (name) {
    if (name === 'index.html') {
      try { files = filesOf(await context.rebuild(), await element.rebuild()); } catch (error) { res.end(String(error)); return; }
    }
    const file = files.find((each) => each.name === name);
    res.writeHead(file ? 200 : 404, {'content-type': typeOf(name) ?? 'text/plain'});
    res.end(file?.bytes ?? 'none');
    return;
  }
  const asked = forward(req);
  asked.on('response', (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  asked.on('error', (error) => { res.writeHead(502); res.end(String(error)); });
  req.pipe(asked);
});
server.on('upgrade', (req, socket, head) => {
  const asked = forward(req);
  asked.on('upgrade', (answer, far, farHead) => {
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
    socket.write(farHead);
    far.write(head);
    far.pipe(socket).pipe(far);
    far.on('error', () => socket.destroy());
    socket.on('error', () => far.destroy());
  });
  asked.on('response', () => socket.destroy());
  asked.on('error', () => socket.destroy());
  asked.end();
});
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port} → ${upstream.origin}`));
