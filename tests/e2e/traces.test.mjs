// Traces: what a collector gets, what the provider is told of them, and that
// nothing waits for the collector.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {after, afterEach, before, describe, test} from 'node:test';
import {problems, startCollector} from './lib/otlp.mjs';
import {parsed} from './lib/metrics.mjs';
import {answerChat, chatBody, chatPath, jsonType, startPlane, streamBody, streamEvents}
  from './lib/plane.mjs';
import {reply} from './lib/provider.mjs';
import {until} from './lib/raw.mjs';

const traceId = () => randomBytes(16).toString('hex').replace(/^../, 'ab');
const spanId = () => randomBytes(8).toString('hex').replace(/^../, 'cd');
const parent = (flags, trace = traceId(), span = spanId()) =>
  ({trace, span, text: `00-${trace}-${span}-${flags}`});

const budgets = `
budgets:
  - name: team
    policies: [{name: each, period: daily, per: [component], cost_limit: 0.005}]`;
const chatOf = (members) => JSON.stringify({...JSON.parse(chatBody), ...members});
// More than a component may spend.
const dear = chatOf({max_tokens: 16384});

const spansTold = async (budget) => {
  const {samples} = parsed((await budget.fetch('/metrics')).body.toString());
  return Object.fromEntries(['exported', 'dropped', 'rejected', 'failed'].map((outcome) =>
    [outcome, Number(samples[`budget_trace_spans_total{outcome="${outcome}"}`])]));
};

test('the collector of these tests takes no JSON that is not OTLP', () => {
  const span = {traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'n', kind: 3,
                startTimeUnixNano: '1', endTimeUnixNano: '2', attributes: []};
  const wrap = (changes) => ({resourceSpans: [{scopeSpans: [{spans: [{...span, ...changes}]}]}]});
  assert.deepEqual(problems(wrap({})), []);
  for (const change of [{traceId: 'AB'.repeat(16)}, {traceId: '0'.repeat(32)}, {spanId: 'cd'},
                        {startTimeUnixNano: 1}, {endTimeUnixNano: '0'}, {trace_id: 'x'}, {kind: 'CLIENT'},
                        {name: undefined}, {attributes: [{key: 'a', value: {intValue: 1}}]},
                        {attributes: [{key: 'a', value: {}}]}, {status: {code: 3}}]) {
    assert.notDeepEqual(problems(wrap(change)), [], JSON.stringify(change));
  }
});

describe('a call that is traced', () => {
  let collector;
  let plane;
  before(async () => {
    collector = await startCollector();
    plane = await startPlane({
      telemetry: `otlp: {url: "${collector.url}", headers: {x-collector-key: a-secret}}`,
      config: budgets});
  });
  after(async () => {
    await plane?.close();
    await collector?.close();
  });
  afterEach(() => {
    plane.script.answer = answerChat;
    assert.deepEqual(collector.problems, []);
  });
  // One call, the request that its provider got, and its span.
  const call = async ({headers = {}, body = chatBody, path = chatPath} = {}) => {
    const at = plane.provider.requests.length;
    const answer = await plane.budget.post(path, body, headers);
    const [span] = await collector.find('budget.request_id', answer.headers['x-budget-request-id']);
    return {answer, span, sent: plane.provider.requests[at]};
  };

  test("continues its caller's trace, and the provider's goes on from it", async () => {
    const caller = parent('01');
    const {span, sent} = await call({headers: {traceparent: caller.text, tracestate: 'vendor=1'}});
    assert.equal(span.traceId, caller.trace);
    assert.equal(span.parentSpanId, caller.span);
    assert.equal(span.traceState, 'vendor=1');
    assert.equal(span.flags, 0x301);
    assert.notEqual(span.spanId, caller.span);
    assert.equal(sent.headers.traceparent, `00-${caller.trace}-${span.spanId}-01`);
    assert.equal(sent.headers.tracestate, 'vendor=1');
    assert.equal(sent.rawHeaders.filter(([name]) => name.toLowerCase() === 'traceparent').length, 1);
  });

  test('begins a trace where its caller names none', async () => {
    const {span, sent} = await call();
    assert.equal(span.parentSpanId, undefined);
    assert.equal(span.flags, 0x101);
    assert.equal(sent.headers.traceparent, `00-${span.traceId}-${span.spanId}-01`);
  });

  for (const [what, text] of [['zeros', `00-${'0'.repeat(32)}-${spanId()}-01`], ['ff', `ff-${traceId()}-${spanId()}-01`],
                              ['capitals', parent('01').text.toUpperCase()], ['too much', parent('01-x').text],
                              ['nonsense', 'hello']]) {
    test(`begins one where its caller's traceparent is none: ${what}`, async () => {
      const {span, sent} = await call({headers: {traceparent: text, tracestate: 'vendor=1'}});
      assert.equal(span.parentSpanId, undefined);
      assert.equal(sent.headers.traceparent, `00-${span.traceId}-${span.spanId}-01`);
      assert.equal(sent.headers.tracestate, undefined);
    });
  }

  test("reads a later version's traceparent as far as it knows it", async () => {
    const caller = parent('01-more');
    const {span} = await call({headers: {traceparent: caller.text.replace(/^00/, 'cc')}});
    assert.equal(span.traceId, caller.trace);
  });

  test('says what GenAI spans say, and what the budget did', async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const {answer, span} = await call({headers: {'x-budget-component': 'apollo'}});
    assert.deepEqual(span.attributes, {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-mini', 'gen_ai.request.max_tokens': 20,
      'gen_ai.response.model': 'gpt-4o-mini-2024-07-18',
      'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 3,
      'server.address': '127.0.0.1', 'server.port': plane.provider.port,
      'http.response.status_code': 200,
      'budget.provider': 'openai', 'budget.request_id': answer.headers['x-budget-request-id'],
      'budget.component': 'apollo', 'budget.decision': 'allow', 'budget.policy': 'team/each',
      'budget.cost_nano_usd': 3150, 'budget.estimated': false});
    assert.equal(span.name, 'chat gpt-4o-mini');
    assert.equal(span.kind, 3);
    assert.deepEqual(span.status, {});
    assert.equal(span.resource['service.name'], 'budget');
    assert.ok(BigInt(span.startTimeUnixNano) >= before - 1_000_000n);
    assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(Date.now() + 1) * 1_000_000n);
  });

  test('is told by the same figures where it streams', async () => {
    plane.script.answer = (request, socket) =>
      reply(socket, 200, {'content-type': 'text/event-stream'}, streamEvents.join(''));
    const {span} = await call({body: streamBody});
    assert.equal(span.attributes['gen_ai.usage.output_tokens'], 3);
    assert.equal(span.attributes['budget.cost_nano_usd'], 3150);
  });

  test('is an error where a budget refuses it', async () => {
    const {answer, span, sent} = await call({body: dear, headers: {'x-budget-component': 'poor'}});
    assert.equal(answer.status, 429);
    assert.equal(sent, undefined);
    assert.equal(span.status.code, 2);
    const {attributes} = span;
    assert.equal(attributes['error.type'], 'budget_exceeded');
    assert.equal(attributes['budget.decision'], 'deny');
    assert.equal(attributes['budget.policy'], 'team/each');
    assert.equal(attributes['http.response.status_code'], 429);
    assert.equal(attributes['budget.cost_nano_usd'], undefined);
  });

  test('is an error where its provider breaks off', async () => {
    plane.script.answer = (request, socket) => socket.destroy();
    const {answer, span} = await call();
    assert.equal(answer.status, 502);
    assert.equal(span.status.code, 2);
    assert.equal(span.attributes['error.type'], 'upstream_broken');
    assert.equal(span.attributes['http.response.status_code'], 502);
  });

  test("is an error where its provider's answer is one", async () => {
    plane.script.answer = (request, socket) => reply(socket, 500, jsonType, '{"error": {"message": "no"}}');
    const {span} = await call();
    assert.equal(span.attributes['error.type'], 'upstream_error');
    assert.equal(span.attributes['budget.cost_nano_usd'], 0);
  });

  test('has its own kind of call in its name', async () => {
    plane.script.answer = (request, socket) => reply(socket, 200, jsonType, JSON.stringify(
      {object: 'list', data: [], model: 'text-embedding-3-small', usage: {prompt_tokens: 2, total_tokens: 2}}));
    const {span} = await call({path: '/openai/v1/embeddings', body: {model: 'text-embedding-3-small', input: 'Hello'}});
    assert.equal(span.attributes['gen_ai.operation.name'], 'embeddings');
    assert.equal(span.name, 'embeddings text-embedding-3-small');
  });

  test('is not told of where its caller does not sample the trace', async () => {
    const caller = parent('00');
    const at = plane.provider.requests.length;
    const answer = await plane.budget.post(chatPath, chatBody, {traceparent: caller.text, tracestate: 'v=2'});
    assert.equal(answer.status, 200);
    assert.equal(plane.provider.requests[at].headers.traceparent, caller.text);
    assert.equal(plane.provider.requests[at].headers.tracestate, 'v=2');
    await call();  // what came before it has been sent with it
    assert.ok(!collector.spans.some((span) => span.traceId === caller.trace));
  });

  test('has no prompt, answer or key in what is told of it', async () => {
    const secrets = ['What-I-Asked', 'What-It-Said', 'bearer-of-mine', 'provider-key'];
    plane.script.answer = (request, socket) => reply(socket, 200, jsonType, JSON.stringify({
      object: 'chat.completion', model: 'gpt-4o-mini', usage: {prompt_tokens: 9, completion_tokens: 3},
      choices: [{index: 0, finish_reason: 'stop', message: {role: 'assistant', content: 'What-It-Said'}}]}));
    await call({body: chatOf({messages: [{role: 'user', content: 'What-I-Asked'}], user: 'x'}),
                headers: {authorization: 'Bearer bearer-of-mine'}});
    // Neither where a prompt stands in a model's place.
    await call({body: chatOf({model: 'x'.repeat(300) + 'What-I-Asked'})});
    for (const {text} of collector.requests) {
      for (const secret of secrets) assert.ok(!text.includes(secret), secret);
    }
  });

  test('is told with the headers that are configured, to the path of traces', async () => {
    await call();
    const {url, headers} = collector.requests.at(-1);
    assert.equal(url, '/v1/traces');
    assert.equal(headers['x-collector-key'], 'a-secret');
  });

  test('is counted, by what became of its span', async () => {
    const {exported, ...others} = await spansTold(plane.budget);
    await until(async () => (await spansTold(plane.budget)).exported === collector.spans.length, 'the count');
    assert.ok(exported > 0);
    assert.deepEqual(others, {dropped: 0, rejected: 0, failed: 0});
  });
});

test('of callers that say nothing, the share that is asked for is sampled, by the ids', async () => {
  const collector = await startCollector();
  const plane = await startPlane({telemetry: `otlp: {url: "${collector.url}/v1/traces", sample: 0.5}`});
  try {
    for (let i = 0; i < 40; i++) await plane.budget.post(chatPath, chatBody);
    const told = plane.provider.requests.map(({headers}) => headers.traceparent.split('-'));
    const sampled = told.filter(([, , , flags]) => flags === '01').map(([, trace]) => trace);
    assert.ok(sampled.length > 0 && sampled.length < told.length, `${sampled.length} of ${told.length}`);
    for (const [, trace, , flags] of told) assert.equal(flags, trace[18] >= '8' ? '01' : '00', trace);
    // A caller's own decision goes before it, either way.
    const caller = parent('01', 'ab'.repeat(8) + '0'.repeat(16));
    await plane.budget.post(chatPath, chatBody, {traceparent: caller.text});
    sampled.push(caller.trace);
    await until(() => collector.spans.length >= sampled.length, 'the spans');
    assert.deepEqual(collector.spans.map((span) => span.traceId).sort(), sampled.sort());
    assert.deepEqual(collector.problems, []);
  } finally {
    await plane.close();
    await collector.close();
  }
});

test('a collector that fails costs no call, and gets what it asked to be sent again', async () => {
  const collector = await startCollector();
  const plane = await startPlane({telemetry: `otlp: {url: "${collector.url}"}`});
  const {budget} = plane;
  const call = async () => assert.equal((await budget.post(chatPath, chatBody)).status, 200);
  try {
    collector.answer = {status: 503, body: ''};
    await call();
    assert.match((await budget.event('traces')).what, /does not take traces: it answered 503/);
    collector.answer = {status: 200, body: '{}'};
    await until(() => collector.spans.length === 1, 'the span to be sent again');
    await budget.event('traces', ({what}) => /takes traces again/.test(what));
    assert.deepEqual(await spansTold(budget), {exported: 1, dropped: 0, rejected: 0, failed: 0});

    collector.answer = {status: 400, body: ''};
    await call();
    await until(async () => (await spansTold(budget)).rejected === 1, 'the refusal to be counted');
    collector.answer = {status: 200, body: '{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "too old"}}'};
    await call();
    await until(async () => (await spansTold(budget)).rejected === 2, 'the rejection to be counted');
    assert.deepEqual(await spansTold(budget), {exported: 1, dropped: 0, rejected: 2, failed: 0});
  } finally {
    await plane.close();
    await collector.close();
  }
});

test('an end sends what waits; a collector that is silent does not hold it up', async () => {
  for (const answer of [{status: 200, body: '{}'}, null]) {
    const collector = await startCollector();
    collector.answer = answer;
    const plane = await startPlane({telemetry: `otlp: {url: "${collector.url}"}`});
    const count = 20;
    await Promise.all(Array.from({length: count}, () => plane.budget.post(chatPath, chatBody)));
    const began = Date.now();
    await plane.close();
    assert.ok(Date.now() - began < 9_000);
    if (answer) assert.equal(collector.spans.length, count);
    await collector.close();
  }
});

test('without a collector, what a caller says of its trace passes as it is', async () => {
  const plane = await startPlane();
  try {
    const caller = parent('01');
    await plane.budget.post(chatPath, chatBody, {traceparent: caller.text, tracestate: 'v=1'});
    await plane.budget.post(chatPath, chatBody);
    const [first, second] = plane.provider.requests;
    assert.equal(first.headers.traceparent, caller.text);
    assert.equal(first.headers.tracestate, 'v=1');
    assert.equal(second.headers.traceparent, undefined);
    assert.deepEqual(await spansTold(plane.budget), {exported: 0, dropped: 0, rejected: 0, failed: 0});
  } finally {
    await plane.close();
  }
});
