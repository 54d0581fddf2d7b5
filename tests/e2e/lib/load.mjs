// A small, fast HTTP/1.1 client for load: raw sockets, many at once, and able
// to misbehave.
import net from 'node:net';

// A generator of numbers in [0, 1), the same for the same seed.
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// The seed of a test: BUDGET_SEED repeats a failure.
export const seed = Number(process.env.BUDGET_SEED ?? Date.now() % 1_000_000_007);

function parseHead(text) {
  const [start, ...lines] = text.split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
  }
  return {status: Number(start.split(' ')[1]), headers};
}

// Finds the end of a chunked body: {body, used} or null.
function readChunks(bytes) {
  const pieces = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (bytes.length < line + 4 + size) return null;
    if (size === 0) return {body: Buffer.concat(pieces), used: line + 4};
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
}

// One keep-alive connection. call() never rejects: a broken connection is an
// answer with `broken` set, a hang-up of our own one with `hungUp`.
export class LoadClient {
  constructor(url) {
    const {hostname, port} = new URL(url);
    this.host = hostname;
    this.port = Number(port);
  }

  open() {
    this.socket = net.connect({host: this.host, port: this.port, noDelay: true});
    this.received = Buffer.alloc(0);
    const socket = this.socket;
    socket.on('data', (bytes) => {
      this.received = this.received.length ? Buffer.concat([this.received, bytes]) : bytes;
      this.look?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.socket === socket) this.socket = null;
      this.fail?.();
    });
  }

  // `hangUpAfter`: bytes of the answer after which the client is gone; 0: once
  // the request is sent.
  call({path, headers = {}, body = '', method = 'POST', hangUpAfter = Infinity}) {
    if (!this.socket) this.open();
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const lines = Object.entries({
      host: `${this.host}:${this.port}`, 'content-type': 'application/json',
      'content-length': Buffer.byteLength(text), ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return new Promise((resolve) => {
      const answer = {status: 0, headers: {}, body: Buffer.alloc(0), broken: false, hungUp: false};
      let bodyAt = -1;
      const done = () => {
        this.look = this.fail = null;
        resolve(answer);
      };
      this.fail = () => {
        if (bodyAt >= 0) answer.body = this.received.subarray(bodyAt);
        answer.broken = !answer.hungUp;
        done();
      };
      this.look = () => {
        if (bodyAt < 0) {
          const end = this.received.indexOf('\r\n\r\n');
          if (end >= 0) {
            Object.assign(answer, parseHead(this.received.subarray(0, end).toString('latin1')));
            bodyAt = end + 4;
          }
        }
        if (bodyAt >= 0) {
          const rest = this.received.subarray(bodyAt);
          const length = answer.headers['content-length'];
          const whole = length === undefined
            ? readChunks(rest)
            : rest.length >= Number(length) && {body: rest.subarray(0, Number(length)), used: Number(length)};
          if (whole) {
            answer.body = whole.body;
            this.received = rest.subarray(whole.used);
            if (answer.headers.connection === 'close') this.close();
            return done();
          }
        }
        if (this.received.length >= hangUpAfter) this.hangUp(answer);
      };
      this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${text}`, () => {
        if (hangUpAfter === 0) this.hangUp(answer);
      });
    });
  }

  hangUp(answer) {
    answer.hungUp = true;
    this.close();
    this.fail?.();
  }

  close() {
    const socket = this.socket;
    this.socket = null;
    this.received = Buffer.alloc(0);
    socket?.destroy();
  }
}
