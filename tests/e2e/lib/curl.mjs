// Calls by curl, for the APIs that have no small client of their own on npm.
import {spawn} from 'node:child_process';
import path from 'node:path';

// What curl could not do, or a status that is not 200.
export class CurlError extends Error {
  constructor(message, fields) {
    super(message);
    Object.assign(this, {name: 'CurlError', ...fields});
  }
}

function run(args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn('curl', args, {stdio: ['pipe', 'pipe', 'pipe']});
    const out = [];
    let errors = '';
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({code, out: Buffer.concat(out), errors}));
    child.stdin.end(input);
  });
}

// POSTs JSON: {status, headers, body}. `exit` is curl's own code: 18 when the
// answer broke off.
export async function curl(budget, target, body, headers = {}) {
  const args = [
    '--silent',
    '--show-error',
    '--include',
    '--http1.1',
    '--max-time',
    '30',
    '--cacert',
    path.join(budget.folder, 'data/tls/self_signed.crt'),
    '--data-binary',
    '@-',
  ];
  for (const [name, value] of Object.entries({'content-type': 'application/json', ...headers})) {
    args.push('--header', `${name}: ${value}`);
  }
  const {code, out, errors} = await run([...args, budget.url + target], JSON.stringify(body));
  const end = out.indexOf('\r\n\r\n');
  const [start, ...lines] = out.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
  const answer = {
    status: Number(start.split(' ')[1]),
    headers: new Headers(lines.map((line) => line.split(/: (.*)/s, 2))),
    body: out.subarray(end + 4),
    exit: code,
  };
  if (code !== 0) throw new CurlError(errors.trim(), answer);
  if (answer.status !== 200) {
    const parsed = JSON.parse(answer.body.toString());
    throw new CurlError(parsed.message ?? parsed.error?.message, {...answer, parsed});
  }
  return answer;
}

// The payloads of a stream of server-sent events.
export function sseEvents(body) {
  return body
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice('data: '.length)));
}
