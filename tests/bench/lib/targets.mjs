// What is measured: each program with its configuration and its URL.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {freePort, inPath, Program} from './processes.mjs';

export const workers = 2;
// Never to be reached, so that every call is admitted.
const limit = 1e6;

const answer = JSON.stringify({
  id: 'chatcmpl-000000000000000000000000', object: 'chat.completion', created: 1700000000,
  model: 'gpt-4o-mini-2024-07-18', system_fingerprint: 'fp_0000000000',
  choices: [{
    index: 0, finish_reason: 'stop', logprobs: null,
    message: {role: 'assistant', refusal: null,
              content: 'Each call is counted before it is paid for. '.repeat(12)},
  }],
  usage: {
    prompt_tokens: 210, completion_tokens: 120, total_tokens: 330,
    prompt_tokens_details: {cached_tokens: 0, audio_tokens: 0},
    completion_tokens_details: {reasoning_tokens: 0, audio_tokens: 0,
                                accepted_prediction_tokens: 0, rejected_prediction_tokens: 0},
  },
});

// A chat request of about that size.
export function chatRequest(bytes) {
  const words = ['budget', 'the', 'provider', 'answers', 'whether', 'a', 'call', 'of', 'this',
                 'team', 'fits', 'into', 'what', 'remains', 'today,', 'and', 'counts', 'tokens.'];
  const message = (content) => JSON.stringify({
    model: 'gpt-4o-mini', max_tokens: 256, temperature: 0.2,
    messages: [{role: 'system', content: 'You are a careful assistant.'}, {role: 'user', content}],
  });
  let content = '';
  for (let i = 0; message(content).length < bytes; i++) {
    content += words[(i * 7 + (i >> 4)) % words.length] + ' ';
  }
  return message(content);
}

function nginxFile(folder, name, count, http) {
  const file = path.join(folder, `${name}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`).join('\n  ');
  fs.writeFileSync(file, `
daemon off;
worker_processes ${count};
pid ${folder}/${name}.pid;
error_log ${folder}/${name}.log error;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary}
  keepalive_requests 1000000000;
  client_max_body_size 4m;
  client_body_buffer_size 1m;
${http}
}
`);
  return file;
}

async function startNginx(folder, name, count, port, http) {
  const file = nginxFile(folder, name, count, http);
  const program = new Program(name, 'nginx', ['-p', folder, '-e', `${folder}/${name}.log`, '-c', file]);
  return program.listening(port);
}

export async function startUpstream(folder) {
  const port = await freePort();
  const program = await startNginx(folder, 'upstream', 1, port, `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type application/json;
    location / { return 200 '${answer}'; }
  }`);
  return {program, port};
}

function certificate(folder) {
  const files = {key: path.join(folder, 'server.key'), crt: path.join(folder, 'server.crt')};
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                           '-nodes', '-days', '2', '-subj', '/CN=localhost',
                           '-keyout', files.key, '-out', files.crt], {stdio: 'ignore'});
  return files;
}

async function nginxProxy(folder, upstreamPort, tls) {
  const port = await freePort();
  const program = await startNginx(folder, tls ? 'nginx-tls' : 'nginx', workers, port, `
  upstream models { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} ${tls ? 'ssl ' : ''}backlog=4096;
    ${tls ? `ssl_certificate ${tls.crt}; ssl_certificate_key ${tls.key};` : ''}
    location / {
      proxy_pass http://models;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }`);
  return {program, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/v1/chat/completions`};
}

async function haproxy(folder, upstreamPort) {
  const port = await freePort();
  const file = path.join(folder, 'haproxy.cfg');
  fs.writeFileSync(file, `
global
  nbthread ${workers}
  maxconn 4096
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  http-reuse always
frontend client
  bind 127.0.0.1:${port}
  default_backend models
backend models
  server upstream 127.0.0.1:${upstreamPort}
`);
  const program = await new Program('haproxy', 'haproxy', ['-db', '-f', file]).listening(port);
  return {program, url: `http://127.0.0.1:${port}/v1/chat/completions`};
}

// Eight policies that every call matches: three kinds of limit, four periods,
// some with a counter for each component, user or model.
function policies() {
  const kinds = [
    'period: daily, cost_limit', 'period: monthly, cost_limit', 'period: hourly, token_limit',
    'period: daily, request_limit', 'period: daily, per: [component], cost_limit',
    'period: daily, per: [model], token_limit', 'period: monthly, per: [user], cost_limit',
    'period: total, cost_limit'];
  const lines = kinds.map((kind, i) =>
    `      - {name: p${i}, type: hard_limit, ${kind}: ${kind.includes('cost') ? limit : limit * 1e6}}`);
  return `budgets:\n  - name: bench\n    policies:\n${lines.join('\n')}\n`;
}

async function ours(binary, folder, upstreamPort,
                    {name, target, budgets = '', tls, wrapper = [], threads = workers}) {
  const port = await freePort();
  const file = path.join(folder, `${name}.yaml`);
  fs.writeFileSync(file, `
listen:
  - address: "127.0.0.1:${port}"
    serve: [llm, admin]
    tls: ${tls ? `{certificate: ${tls.crt}, key: ${tls.key}}` : 'off'}
workers: ${threads}
store: {kind: embedded, path: ${path.join(folder, name)}}
telemetry: {log: {level: error, format: json}}
providers:
  openai:
    format: openai
    url: http://127.0.0.1:${upstreamPort}
    key: sk-bench
    unmetered: pass
    pool: {max: 512}
${budgets}`);
  const [command, ...args] = [...wrapper, binary, 'serve', '--config', file];
  const program = await new Program(name, command, args).listening(port);
  return {program, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/openai${target}`};
}

// A path that no format knows: passed on unread where the configuration says so.
const unmetered = '/v1/opaque';
const chat = '/v1/chat/completions';

// Every target, started. `base`: the name of the one its ratios refer to.
export async function startTargets(binary, folder, upstreamPort) {
  const tls = certificate(folder);
  const targets = [];
  const add = async (name, base, start) => {
    targets.push({name, base, ...await start});
  };
  await add('nginx', 'nginx', nginxProxy(folder, upstreamPort));
  if (inPath('haproxy')) await add('haproxy', 'nginx', haproxy(folder, upstreamPort));
  const own = (options) => ours(binary, folder, upstreamPort, options);
  await add('relay', 'nginx', own({name: 'relay', target: unmetered}));
  await add('metered', 'nginx', own({name: 'metered', target: chat}));
  await add('8 policies', 'nginx', own({name: 'policies', target: chat, budgets: policies()}));
  await add('nginx, TLS', 'nginx, TLS', nginxProxy(folder, upstreamPort, tls));
  await add('8 policies, TLS', 'nginx, TLS',
            own({name: 'policies-tls', target: chat, budgets: policies(), tls}));
  return targets;
}

// Only ours with eight policies, under `wrapper`: for counting instructions.
export function startOwn(binary, folder, upstreamPort, wrapper) {
  return ours(binary, folder, upstreamPort,
              {name: 'policies', target: chat, budgets: policies(), wrapper, threads: 1});
}
