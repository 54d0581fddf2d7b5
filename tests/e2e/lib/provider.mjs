// A provider for tests: a plain TCP server that speaks exactly the bytes a test
// gives it.
import net from 'node:net';
import tls from 'node:tls';

// Parses one request off `buffer`: {method, target, headers, rawHeaders, body,
// used}, or null when it is not whole yet.
export function parseRequest(buffer) {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [start, ...lines] = buffer.subarray(0, end).toString('latin1').split('\r\n');
  const [method, target] = start.split(' ');
  const rawHeaders = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const headers = Object.fromEntries(rawHeaders.map(([name, value]) => [name.toLowerCase(), value]));
  const length = Number(headers['content-length'] ?? 0);
  if (buffer.length < end + 4 + length) return null;
  return {method, target, headers, rawHeaders, body: buffer.subarray(end + 4, end + 4 + length),
          used: end + 4 + length};
}

export function responseHead(status, headers) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// `answer(request, socket)` is called for each request, in order, and writes to
// the socket itself; see reply() and replyInPieces(). Requests are kept in
// `requests`; `connections` counts sockets, of which a test may hear through
// `onConnect`. With `tls` (node's options of tls.createServer) it speaks TLS.
export async function startProvider(answer, {tls: tlsOptions} = {}) {
  const requests = [];
  const sockets = new Set();
  const provider = {requests, sockets, connections: 0};
  const serve = (socket) => {
    sockets.add(socket);
    provider.connections++;
    provider.onConnect?.(socket);
    socket.setNoDelay(true);
    let buffer = Buffer.alloc(0);
    let busy = Promise.resolve();
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      for (let request; (request = parseRequest(buffer)); ) {
        buffer = buffer.subarray(request.used);
        requests.push(request);
        busy = busy.then(() => answer(request, socket)).catch(() => socket.destroy());
      }
    });
  };
  const server = tlsOptions ? tls.createServer(tlsOptions, serve) : net.createServer(serve);
  server.on('tlsClientError', () => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address();
  return Object.assign(provider, {
    port,
    url: `${tlsOptions ? 'https' : 'http'}://127.0.0.1:${port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
}

export function reply(socket, status, headers, body) {
  const bytes = Buffer.from(body);
  socket.write(Buffer.concat([
    Buffer.from(responseHead(status, {...headers, 'content-length': bytes.length}), 'latin1'), bytes]));
}

// Sends the body chunked, in pieces of `size` bytes; with `cutAfter`, drops the
// connection after that many body bytes.
export async function replyInPieces(socket, status, headers, body, {size = 1, cutAfter = Infinity, gapMs = 0} = {}) {
  const bytes = Buffer.from(body);
  socket.write(responseHead(status, {...headers, 'transfer-encoding': 'chunked'}));
  for (let at = 0; at < bytes.length; at += size) {
    if (at >= cutAfter) return void socket.destroySoon();
    const piece = bytes.subarray(at, Math.min(at + size, cutAfter, bytes.length));
    socket.write(Buffer.concat([
      Buffer.from(piece.length.toString(16) + '\r\n'), piece, Buffer.from('\r\n')]));
    if (gapMs) await sleep(gapMs);
    else if (at % 64 === 0) await new Promise(setImmediate);
  }
  if (bytes.length >= cutAfter) return void socket.destroySoon();
  socket.write('0\r\n\r\n');
}
