// Every recording of a provider's real answer, replayed through the proxy:
// whole, byte by byte, and broken off.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {Budget, sharedDir} from './lib/budget.mjs';
import {startProvider} from './lib/provider.mjs';
import {chunkedPrefix, RawClient, requestText} from './lib/raw.mjs';

const folder = path.join(sharedDir, 'recordings');
const skip = fs.existsSync(folder) ? false : `no recordings under ${sharedDir}`;

// Bodies up to this size are broken off at every byte, larger ones at every
// event's edges and about this many other places. BUDGET_EVERY_BYTE=1 breaks
// all of them off at every byte, which takes minutes.
const everyByte = process.env.BUDGET_EVERY_BYTE === '1';
const everyByteMax = everyByte ? Infinity : 1500;
const otherCuts = 80;
const inParallel = 16;

// The recordings leave forms out: one that asks for the same stands in.
function formFor(contentType) {
  const boundary = /boundary=(\S+)/.exec(contentType)[1];
  const part = (disposition, value) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  return Buffer.from(part('name="model"', 'whisper-1') +
    part('name="file"; filename="a.wav"', 'RIFF....') + `--${boundary}--\r\n`);
}

function readCases() {
  return fs.readdirSync(folder).sort().map((name) => {
    const file = (part) => fs.readFileSync(path.join(folder, name, part));
    const about = JSON.parse(file('case.json'));
    const form = about.request_content_type.startsWith('multipart/');
    return {...about, name, response: file('response.body'),
            request: form ? formFor(about.request_content_type) : file('request.body')};
  });
}

// The answer as a client sees it that did not ask for usage: the proxy takes
// the chunk out that it asked for itself.
function withoutAskedUsage({format, streamed, path: target, request, response}) {
  const canAsk = format === 'openai' && streamed && /completions$/.test(target);
  if (!canAsk || request.includes('include_usage')) return response;
  const events = response.toString('latin1').split(/(?<=\n\n)/);
  return Buffer.from(events.filter((event) => {
    const data = /^data: (\{.*)/m.exec(event)?.[1];
    if (!data) return true;
    const {choices, usage} = JSON.parse(data);
    return !(usage && choices?.length === 0);
  }).join(''), 'latin1');
}

function cutsOf({response}) {
  const places = new Set();
  if (response.length <= everyByteMax) {
    for (let at = 0; at < response.length; ++at) places.add(at);
  } else {
    for (let edge = response.indexOf('\n\n'); edge >= 0; edge = response.indexOf('\n\n', edge + 2)) {
      for (const at of [edge + 1, edge + 2, edge + 3]) places.add(at);
    }
    const step = Math.max(1, Math.floor(response.length / otherCuts)) | 1;
    for (let at = 0; at < response.length; at += step) places.add(at);
    places.add(response.length - 1);
  }
  // Long streams have hundreds of events: of the edges, a fixed share is kept.
  const all = [...places].filter((at) => at < response.length).sort((a, b) => a - b);
  const share = everyByte ? 1 : Math.ceil(all.length / 500);
  return all.filter((_, index) => index % share === 0);
}

// Node would join and reorder headers: the tests look at the lines themselves.
const extraLines = [['Set-Cookie', 'a=1; Path=/'], ['x-MiXed-Case', 'Kept As It Is'],
                    ['Set-Cookie', 'b=2']];

function headLines({headers, streamed, response}) {
  const framing = streamed ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', response.length];
  return [...Object.entries(headers), ...extraLines, ['Keep-Alive', 'timeout=5'], framing];
}

function chunk(bytes) {
  return Buffer.concat([Buffer.from(bytes.length.toString(16) + '\r\n'), bytes, Buffer.from('\r\n')]);
}

async function play(recording, {pieces, cutAt}, socket) {
  const lines = headLines(recording).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${recording.status} Recorded\r\n${lines.join('')}\r\n`);
  const body = recording.response.subarray(0, cutAt ?? recording.response.length);
  const size = pieces ? 1 : Math.max(1, body.length);
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    socket.write(recording.streamed ? chunk(piece) : piece);
    if (pieces && at % 16 === 0) await new Promise(setImmediate);
  }
  if (cutAt !== undefined) return socket.destroySoon();
  if (recording.streamed) socket.write('0\r\n\r\n');
}

describe('recordings', {skip}, () => {
  let budget;
  let provider;
  const cases = skip ? [] : readCases();
  const byName = new Map(cases.map((recording) => [recording.name, recording]));

  before(async () => {
    provider = await startProvider((request, socket) => {
      const [name, mode, at] = request.headers['x-test-play'].split(' ');
      return play(byName.get(name), {pieces: mode === 'bytes',
                                     cutAt: mode === 'cut' ? Number(at) : undefined}, socket);
    });
    const providers = ['openai', 'anthropic', 'gemini', 'bedrock'].map((format) =>
      `  ${format}: {format: ${format}, url: "${provider.url}", key: provider-key}`);
    budget = await new Budget({config: `
providers:
${providers.join('\n')}
prices: {unknown_model: {input: 1, output: 2}}
`}).start();
  });
  after(async () => {
    const end = await budget?.stop();
    await provider?.close();
    if (end) assert.equal(end.code, 0);
  });

  // Everything a call gives its client: {head, body, whole, requestId}.
  async function call(recording, mode) {
    const client = await RawClient.connect(budget.url);
    try {
      const head = requestText(recording.method, `/${recording.format}${recording.path}`,
        {'content-type': recording.request_content_type, connection: 'close',
         'content-length': recording.request.length, 'x-test-play': `${recording.name} ${mode}`});
      client.write(Buffer.concat([Buffer.from(head, 'latin1'), recording.request]));
      const bytes = await client.drained(20_000);
      const end = bytes.indexOf('\r\n\r\n');
      assert.ok(end > 0, `no answer: ${client.error?.code}`);
      const [start, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
      const fields = lines.map((line) => line.split(/: (.*)/s).slice(0, 2));
      const field = (name) => fields.find(([n]) => n.toLowerCase() === name)?.[1];
      const raw = bytes.subarray(end + 4);
      const answer = field('transfer-encoding')
        ? chunkedPrefix(raw)
        : {body: raw, whole: raw.length === Number(field('content-length'))};
      return {...answer, status: Number(start.split(' ')[1]), fields,
              requestId: field('x-budget-request-id')};
    } finally {
      client.destroy();
    }
  }

  function checkFields(recording, fields) {
    const own = /^(x-budget-|connection$|transfer-encoding$|keep-alive$|content-length$)/i;
    const seen = fields.filter(([name]) => !own.test(name));
    assert.deepEqual(seen, headLines(recording).filter(([name]) => !own.test(name)));
  }

  function checkRecord(recording, record) {
    assert.equal(record.status, recording.status);
    assert.equal(record.stream, recording.streamed);
    const {expect} = recording;
    if (expect) {
      assert.deepEqual(
        {input: record.input_tokens, output: record.output_tokens,
         reasoning: record.reasoning_tokens, cache_read: record.cache_read_tokens,
         cache_write: record.cache_write_tokens},
        {input: expect.input, output: expect.output, reasoning: expect.reasoning,
         cache_read: expect.cache_read, cache_write: expect.cache_write});
      assert.equal(record.usage_source, 'reported');
      assert.equal(record.estimated, false);
    } else if (recording.status === 200 && recording.streamed) {
      assert.equal(record.usage_source, 'counted');
      assert.ok(record.output_tokens > 0);
    } else if (recording.status >= 400) {
      assert.equal(record.total_cost_nano, 0);
      assert.equal(record.error, 'upstream_error');
    }
  }

  async function checkWhole(mode) {
    const calls = [];
    for (const recording of cases) {
      const answer = await call(recording, mode);
      assert.equal(answer.status, recording.status, recording.name);
      assert.ok(answer.whole, recording.name);
      assert.deepEqual(answer.body.toString('latin1'),
                       withoutAskedUsage(recording).toString('latin1'), recording.name);
      checkFields(recording, answer.fields);
      calls.push([recording, answer.requestId]);
    }
    const records = new Map((await budget.records()).map((r) => [r.request_id, r]));
    for (const [recording, id] of calls) {
      assert.ok(records.has(id), `${recording.name} has no record`);
      checkRecord(recording, records.get(id));
    }
  }

  test('pass unchanged and are recorded at the figures of their provider', () => checkWhole('whole'));
  test('do so however they are split: byte by byte', () => checkWhole('bytes'));

  test('broken off anywhere, they leave a record and no more than was said', async (t) => {
    const before = (await budget.records()).length;
    const jobs = cases.flatMap((recording) => cutsOf(recording).map((at) => ({recording, at})));
    const ids = new Set();
    let next = 0;
    const work = async () => {
      while (next < jobs.length) {
        const {recording, at} = jobs[next++];
        const where = `${recording.name} at ${at}`;
        const answer = await call(recording, `cut ${at}`);
        assert.ok(answer.requestId, where);
        assert.ok(!ids.has(answer.requestId), where);
        ids.add(answer.requestId);
        if (recording.streamed) {
          assert.equal(answer.whole, false, `${where}: a broken stream looks whole`);
          const said = withoutAskedUsage(recording).toString('latin1');
          assert.ok(said.startsWith(answer.body.toString('latin1')), where);
        } else {
          assert.equal(answer.status, 502, where);
          assert.ok(answer.whole, where);
          JSON.parse(answer.body.toString());
        }
      }
    };
    await Promise.all(Array.from({length: inParallel}, work));
    const records = await budget.records();
    t.diagnostic(`${ids.size} calls broken off, ${records.length - before} records`);
    assert.equal(records.length - before, jobs.length);
    const recorded = new Map(records.map((record) => [record.request_id, record]));
    for (const id of ids) assert.equal(recorded.get(id)?.error, 'upstream_broken');
    assert.ok(!budget.ended);
  });
});
