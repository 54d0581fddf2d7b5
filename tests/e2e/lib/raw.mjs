// A client for tests that says exactly the bytes it is given and shows exactly
// those it gets.
import net from 'node:net';
import tls from 'node:tls';

// Rejects after `ms`: no test waits for ever.
export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Waits until `condition()` holds; looks every few milliseconds.
export async function until(condition, what, ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function parseHead(text) {
  const [start, ...lines] = text.split('\r\n');
  const rawHeaders = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const headers = Object.fromEntries(rawHeaders.map(([name, value]) => [name.toLowerCase(), value]));
  return {start, status: Number(start.split(' ')[1]), rawHeaders, headers};
}

// Takes a chunked body off `bytes`: {body, trailers, used}, or null when it is
// not whole.
export function parseChunked(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const eol = bytes.indexOf('\r\n', at);
    if (eol < 0) return null;
    const size = parseInt(bytes.subarray(at, eol).toString('latin1'), 16);
    at = eol + 2;
    if (size === 0) {
      if (bytes.subarray(at, at + 2).toString() === '\r\n') {
        return {body: Buffer.concat(parts), trailers: '', used: at + 2};
      }
      const end = bytes.indexOf('\r\n\r\n', at);
      if (end < 0) return null;
      return {body: Buffer.concat(parts), trailers: bytes.subarray(at, end).toString('latin1'),
              used: end + 4};
    }
    if (bytes.length < at + size + 2) return null;
    parts.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

// What arrived of a chunked body that may have broken off anywhere.
export function chunkedPrefix(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const eol = bytes.indexOf('\r\n', at);
    if (eol < 0) break;
    const size = parseInt(bytes.subarray(at, eol).toString('latin1'), 16);
    at = eol + 2;
    if (!size) return {body: Buffer.concat(parts), whole: true};
    parts.push(bytes.subarray(at, Math.min(at + size, bytes.length)));
    at += size + 2;
  }
  return {body: Buffer.concat(parts), whole: false};
}

export class RawClient {
  // `url` is the proxy's; `tls` are node's options of tls.connect.
  static async connect(url, {tls: options} = {}) {
    const {hostname, port, protocol} = new URL(url);
    const socket = protocol === 'https:'
      ? tls.connect({host: hostname, port, allowHalfOpen: true, ...options})
      : net.connect({host: hostname, port, allowHalfOpen: true});
    const client = new RawClient(socket);
    await within(10_000, new Promise((resolve, reject) => {
      socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    }), 'connect');
    return client;
  }

  constructor(socket) {
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    this.waiters = [];
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.buffer = Buffer.concat([this.buffer, chunk]);
      this.wake();
    });
    socket.on('error', (error) => {
      this.error = error;
      this.wake();
    });
    socket.on('end', () => {
      this.ended = true;
      this.wake();
    });
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  wake() {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  write(bytes) {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  end() {
    this.socket.end();
    return this;
  }

  destroy() {
    this.socket.destroy();
  }

  // Waits until `take(buffer, over)` returns something; `over` when no more
  // bytes will come.
  async take(take, what, ms = 10_000) {
    const end = Date.now() + ms;
    for (;;) {
      const over = Boolean(this.ended || this.closed || this.error);
      const value = take(this.buffer, over);
      if (value !== null && value !== undefined) return value;
      if (over) {
        throw new Error(`${what}: the connection ended (${this.error?.code ?? 'in order'}) after ` +
                        JSON.stringify(this.buffer.toString('latin1').slice(0, 300)));
      }
      await within(Math.max(1, end - Date.now()),
                   new Promise((resolve) => this.waiters.push(resolve)),
                   `${what}, after ${JSON.stringify(this.buffer.toString('latin1').slice(0, 300))}`);
    }
  }

  // Resolves once at least `text` has arrived; consumes nothing.
  seen(text, ms) {
    return this.take((buffer) => (buffer.includes(text) ? true : null), `waiting for '${text}'`, ms);
  }

  // The next whole answer, interim ones included. `headOnly` for HEAD.
  async response({headOnly = false, ms = 10_000} = {}) {
    return this.take((buffer, over) => {
      const end = buffer.indexOf('\r\n\r\n');
      if (end < 0) return null;
      const head = parseHead(buffer.subarray(0, end).toString('latin1'));
      const rest = buffer.subarray(end + 4);
      const finish = (body, used, more = {}) => {
        this.buffer = rest.subarray(used);
        return {...head, body, text: body.toString(), ...more,
                get json() { return JSON.parse(body.toString()); }};
      };
      if (headOnly || head.status < 200 || head.status === 204 || head.status === 304) {
        return finish(Buffer.alloc(0), 0);
      }
      if (head.headers['transfer-encoding']) {
        const parsed = parseChunked(rest);
        if (!parsed) return null;
        return finish(parsed.body, parsed.used,
                      {trailers: parsed.trailers, wire: rest.subarray(0, parsed.used)});
      }
      if (head.headers['content-length'] !== undefined) {
        const length = Number(head.headers['content-length']);
        return rest.length >= length ? finish(rest.subarray(0, length), length) : null;
      }
      return over ? finish(rest, rest.length) : null;
    }, 'an answer', ms);
  }

  // Waits for the peer's end; returns what had arrived and was not taken.
  async drained(ms = 10_000) {
    return this.take((buffer, over) => (over ? buffer : null), 'the end of the connection', ms);
  }
}

export function requestText(method, target, headers = {}, body = '') {
  const all = {host: 'proxy.test', ...headers};
  if (body.length > 0 && all['content-length'] === undefined && !all['transfer-encoding']) {
    all['content-length'] = Buffer.byteLength(body);
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
