// The Model Context Protocol, by its official client and by hand, and Tekton's
// own paths to the same tools.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {StreamableHTTPClientTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {Budget} from './lib/budget.mjs';

const viewer = 'viewer-key-that-nobody-can-guess-00000';
const operator = 'operator-key-that-nobody-can-guess-000';
const names = ['AllocateBudget', 'CheckBudget', 'RecordUsage', 'GetBudgetStatus',
               'GetModelRecommendations', 'RouteWithBudgetAwareness', 'GetUsageAnalytics'];

const config = `
admin:
  keys:
    - {name: vera, role: viewer, key: ${viewer}}
    - {name: otto, role: operator, key: ${operator}}
    - {name: ada, role: admin, key: admin-key-that-nobody-can-guess-0000000}
providers:
  simulated: {format: simulated}
  local: {format: simulated, price: free}
prices:
  overrides: {"simulated/big": {input: 10.00, output: 20.00}, "simulated/small": {input: 1.00, output: 2.00}}
budgets:
  - name: team
    policies:
      - {name: cap, cost_limit: 1.00, match: {component: apollo}}
      - {name: each, type: warn, period: monthly, per: [component], token_limit: 100000}
  - name: shut
    policies:
      - {name: no-big, cost_limit: 0, match: {component: rhetor, model: big}}
      - {name: no-money, cost_limit: 0, match: {component: engram}}
      - {name: nothing, request_limit: 0, match: {component: terma}}
`;

let proxy;
before(async () => {
  proxy = await new Budget({config}).start();
  const calls = [['simulated', 'big', 'coding'], ['simulated', 'small', 'coding'],
                 ['local', 'llama', 'chat']];
  for (const [provider, model, taskType] of calls) {
    const answer = await proxy.post(`/${provider}/v1/chat/completions`,
      {model, max_tokens: 20, messages: [{role: 'user', content: 'hello'}]},
      {'x-budget-component': 'apollo', 'x-budget-task-type': taskType});
    assert.equal(answer.status, 200, answer.body.toString());
  }
});
after(() => proxy?.stop());

async function connected(key) {
  const client = new Client({name: 'budget-tests', version: '1.0.0'});
  const transport = new StreamableHTTPClientTransport(new URL(proxy.url + '/api/mcp'),
    {requestInit: {headers: {'x-api-key': key}}});
  await client.connect(transport);
  return {client, transport};
}

async function run(name, args, key = operator) {
  const {client} = await connected(key);
  try {
    const result = await client.callTool({name, arguments: args});
    assert.equal(result.content.length, 1);
    const told = JSON.parse(result.content[0].text);
    if (!result.isError) assert.deepEqual(result.structuredContent, told);
    return {failed: result.isError === true, told};
  } finally {
    await client.close();
  }
}
async function done(name, args, key) {
  const {failed, told} = await run(name, args, key);
  assert.ok(!failed, JSON.stringify(told));
  return told;
}

function raw(body, headers = {}, method = 'POST') {
  return proxy.fetch('/api/mcp', {
    method, headers: {'x-api-key': viewer, 'content-type': 'application/json',
                      accept: 'application/json, text/event-stream', ...headers},
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)});
}
async function said(body, headers) {
  const answer = await raw(body, headers);
  return {status: answer.status, ...JSON.parse(answer.body)};
}
const request = (method, params, id = 1) => ({jsonrpc: '2.0', id, method, params});
const hello = (protocolVersion) => request('initialize',
  {protocolVersion, capabilities: {}, clientInfo: {name: 'hand', version: '0'}});

describe('the official client', () => {
  test('connects, and lists seven tools with their schemas', async () => {
    const {client, transport} = await connected(viewer);
    assert.equal(transport.protocolVersion, '2025-11-25');
    assert.equal(client.getServerVersion().name, 'budget');
    assert.match(client.getInstructions(), /CheckBudget/);
    await client.ping();
    const {tools, nextCursor} = await client.listTools();
    assert.equal(nextCursor, undefined);
    assert.deepEqual(tools.map((tool) => tool.name), names);
    for (const tool of tools) {
      assert.equal(tool.inputSchema.type, 'object');
      assert.ok(tool.description.length > 20 && tool.title);
      assert.ok(Object.keys(tool.inputSchema.properties).length >= 5);
      for (const [name, schema] of Object.entries(tool.inputSchema.properties)) {
        assert.ok(schema.type && schema.description, `${tool.name}.${name}`);
      }
      assert.equal(tool.annotations.readOnlyHint,
                   !['AllocateBudget', 'RecordUsage'].includes(tool.name));
    }
    assert.deepEqual(tools[0].inputSchema.required, ['context_id', 'amount']);
    await client.close();
  });

  test('sets tokens aside with AllocateBudget, for a day', async () => {
    const made = await done('AllocateBudget', {context_id: 'c1', amount: 1000, component: 'apollo',
      provider: 'simulated', model: 'big', task_type: 'coding', priority: 7});
    assert.equal(made.amount, 1000);
    assert.equal(made.remaining, 1000);
    assert.equal(made.state, 'active');
    const life = Date.parse(made.expiration_time) - Date.now();
    assert.ok(life > 23.9 * 3600e3 && life <= 24 * 3600e3, made.expiration_time);
    const listed = await proxy.api('/api/allocations/context/c1', {headers: {'x-api-key': viewer}});
    assert.deepEqual(listed.items.map((item) => item.allocation_id), [made.allocation_id]);
    const much = await run('AllocateBudget', {context_id: 'c1', amount: 1e9, component: 'apollo',
      provider: 'simulated', model: 'big'});
    assert.ok(much.failed);
    assert.equal(much.told.code, 'insufficient_budget');
    assert.equal(much.told.details.policy, 'cap');
    await proxy.fetch(`/api/allocations/${made.allocation_id}/release`,
                      {method: 'POST', headers: {'x-api-key': operator}});
  });

  test('asks with CheckBudget, and nothing is held by it', async () => {
    const ask = {provider: 'simulated', model: 'big', component: 'apollo'};
    const fine = await done('CheckBudget', {...ask, input_text: 'What is a budget?', output_tokens: 100}, viewer);
    assert.equal(fine.allowed, true);
    assert.equal(fine.info.decision, 'allow');
    assert.ok(fine.info.input_tokens >= 5 && fine.info.input_tokens < 100);
    assert.equal(fine.info.worst_cost_nano, fine.info.input_tokens * 10000 + 100 * 20000);
    assert.deepEqual(fine.info.policies.map((each) => each.policy_id), ['team/cap', 'team/each']);
    const much = await done('CheckBudget', {...ask, input_tokens: 200000}, viewer);
    assert.equal(much.allowed, false);
    assert.equal(much.info.denied_by, 'team/cap');
    assert.equal(much.info.denied_unit, 'cost');
    assert.match(much.info.message, /'cap'/);
    assert.ok(Date.parse(much.info.resets_at) > Date.now());
    assert.equal((await done('CheckBudget', {...ask, provider: 'nobody'})).info.code, 'unknown_provider');
    assert.equal((await done('CheckBudget', {...ask, model: 'unheard-of'})).info.code, 'unpriced_model');
    const [cap] = (await proxy.api('/api/budgets/team/summary', {headers: {'x-api-key': viewer}})).items;
    assert.equal(cap.reserved_tokens, 0);
  });

  test('records calls made elsewhere with RecordUsage', async () => {
    const told = await done('RecordUsage', {provider: 'simulated', model: 'small', input_tokens: 100,
      output_tokens: 200, component: 'sophia', context_id: 'c9', request_id: 'elsewhere-1'});
    assert.deepEqual([told.success, told.recorded_tokens, told.context_id], [true, 300, 'c9']);
    assert.equal(told.record.total_cost_nano, 100 * 1000 + 200 * 2000);
    const again = await run('RecordUsage', {provider: 'simulated', model: 'small', input_tokens: 1,
      output_tokens: 1, request_id: 'elsewhere-1'});
    assert.ok(again.failed);
    assert.equal(again.told.code, 'conflict');
    const texts = await done('RecordUsage', {provider: 'simulated', model: 'small',
      input_text: 'one two three', output_text: 'four', component: 'sophia'});
    assert.ok(texts.recorded_tokens >= 4);
    assert.equal(texts.record.estimated, true, 'the tokenizer of this model is not known');
    const {allocation_id} = await done('AllocateBudget', {context_id: 'c9', amount: 1000,
      component: 'sophia'});
    const drawn = await done('RecordUsage', {provider: 'simulated', model: 'small', input_tokens: 100,
      output_tokens: 200, component: 'sophia', context_id: 'c9', allocation_id});
    assert.equal(drawn.remaining, 700);
    assert.equal(drawn.record.allocation_id, allocation_id);
    const gone = await run('RecordUsage', {provider: 'simulated', model: 'small', input_tokens: 1,
      output_tokens: 1, component: 'sophia', allocation_id: 'al_none'});
    assert.equal(gone.told.code, 'invalid_allocation');
    const both = await run('RecordUsage', {provider: 'simulated', model: 'small', input_text: 'a',
      input_tokens: 1});
    assert.match(both.told.message, /one or the other/);
  });

  test('reads what is left with GetBudgetStatus', async () => {
    const all = await done('GetBudgetStatus', {}, viewer);
    assert.deepEqual([all.success, all.more], [true, false]);
    const ids = new Set(all.summaries.map((each) => each.policy_id));
    assert.deepEqual([...ids].sort(), ['shut/no-big', 'shut/no-money', 'shut/nothing', 'team/cap', 'team/each']);
    const one = await done('GetBudgetStatus', {budget_id: 'team', period: 'daily'}, viewer);
    assert.deepEqual(one.summaries.map((each) => each.policy_id), ['team/cap']);
    assert.equal(one.summaries[0].limit_nano, 1e9);
    assert.equal(one.summaries[0].budget_id, 'team');
    const mine = await done('GetBudgetStatus', {component: 'apollo', budget_id: 'team'}, viewer);
    assert.deepEqual(mine.summaries.map((each) => each.partition), ['', 'component=apollo']);
    const none = await run('GetBudgetStatus', {budget_id: 'nobodys'}, viewer);
    assert.equal(none.told.code, 'resource_not_found');
  });

  test('asks for models with GetModelRecommendations', async () => {
    const told = await done('GetModelRecommendations', {provider: 'simulated', model: 'big',
      task_type: 'coding', component: 'apollo', context_size: 5000}, viewer);
    assert.equal(told.recommended.model, 'small');
    assert.equal(told.recommendations[0].model, 'small');
    assert.equal(told.input_tokens, 5000);
    assert.equal(told.current.model, 'big');
    assert.ok(told.current.worst_cost_nano > told.recommended.expected_cost_nano);
  });

  test('is told where to go by RouteWithBudgetAwareness', async () => {
    const route = (component, more = {}) => done('RouteWithBudgetAwareness', {
      input_text: 'This is a test message', task_type: 'coding', component,
      default_provider: 'simulated', default_model: 'big', ...more}, viewer);
    const stays = await route('apollo');
    assert.deepEqual([stays.provider, stays.model, stays.is_downgraded, stays.allowed],
                     ['simulated', 'big', false, true]);
    const cheaper = await route('rhetor');
    assert.deepEqual([cheaper.provider, cheaper.model, cheaper.is_downgraded],
                     ['simulated', 'small', true]);
    assert.equal(cheaper.original_model, 'big');
    assert.match(cheaper.warnings[0], /'no-big'/);
    const free = await route('engram');
    assert.deepEqual([free.provider, free.model, free.is_downgraded], ['local', 'llama', true]);
    const nowhere = await route('terma');
    assert.deepEqual([nowhere.allowed, nowhere.provider, nowhere.model], [false, null, null]);
    assert.equal(nowhere.warnings.length, 2);
    const open = await done('RouteWithBudgetAwareness', {task_type: 'coding', component: 'apollo'}, viewer);
    assert.equal(open.model, 'small');
    assert.equal(open.is_downgraded, false);
  });

  test('sees what was used with GetUsageAnalytics', async () => {
    const told = await done('GetUsageAnalytics', {period: 'daily', component: 'apollo',
      group_by: ['model']}, viewer);
    assert.equal(told.total.requests, 3);
    assert.ok(told.top && told.forecast !== undefined && Array.isArray(told.budgets));
    const wrong = await run('GetUsageAnalytics', {group_by: ['moodel']}, viewer);
    assert.ok(wrong.failed);
    assert.equal(wrong.told.code, 'invalid_request');
  });

  test('is told what is wrong with arguments as a result of the tool', async () => {
    const cases = [
      ['AllocateBudget', {}, /context_id is required; amount is required/],
      ['AllocateBudget', {context_id: 'c', amount: '5'}, /amount must be of type integer/],
      ['AllocateBudget', {context_id: 'c', amount: 0}, /tokens_allocated/],
      ['CheckBudget', {provider: 'simulated', model: 'big', modle: 'x'}, /'modle' is no argument/],
      ['CheckBudget', {provider: 'simulated', model: 'big', input_text: 'x', input_tokens: 3}, /not both/],
      ['RouteWithBudgetAwareness', {default_model: 'big'}, /required together/],
      ['GetUsageAnalytics', {period: 'fortnightly'}, /one of: hourly/],
      ['GetBudgetStatus', {period: 7}, /period must be of type string/],
    ];
    for (const [name, args, message] of cases) {
      const {failed, told} = await run(name, args);
      assert.ok(failed, name);
      assert.equal(told.code, 'invalid_request', JSON.stringify(told));
      assert.match(JSON.stringify(told), message);
    }
  });

  test('may with a key no more than the key may, and nothing without', async () => {
    for (const [name, args] of [
      ['AllocateBudget', {context_id: 'c', amount: 10, component: 'apollo'}],
      ['RecordUsage', {provider: 'simulated', model: 'small', input_tokens: 1, output_tokens: 1}]]) {
      const {failed, told} = await run(name, args, viewer);
      assert.ok(failed);
      assert.equal(told.code, 'authorization_error');
      assert.match(told.message, /role operator/);
    }
    await assert.rejects(connected('nobody-knows-this-key-it-is-wrong-00'), /auth/i);
  });

  test('is told of an unknown tool by an error of the protocol', async () => {
    const {client} = await connected(viewer);
    await assert.rejects(client.callTool({name: 'SpendEverything', arguments: {}}),
                         (error) => error.code === -32602 && /Unknown tool/.test(error.message));
    await client.close();
  });
});

describe('the wire', () => {
  test('speaks the version asked for, or its latest', async () => {
    for (const version of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']) {
      assert.equal((await said(hello(version))).result.protocolVersion, version);
    }
    const {result} = await said(hello('1999-01-01'));
    assert.equal(result.protocolVersion, '2025-11-25');
    assert.deepEqual(Object.keys(result.capabilities), ['tools']);
    const later = await raw(request('ping'), {'mcp-protocol-version': '2031-01-01'});
    assert.equal(later.status, 400);
    const stale = await said(request('ping'), {'mcp-session-id': 'of-another-server'});
    assert.deepEqual(stale.result, {});
  });

  test('takes notifications and answers with 202 and nothing more', async () => {
    for (const body of [{jsonrpc: '2.0', method: 'notifications/initialized'},
                        {jsonrpc: '2.0', method: 'notifications/cancelled', params: {requestId: 1}},
                        {jsonrpc: '2.0', id: 4, result: {}}]) {
      const answer = await raw(body);
      assert.equal(answer.status, 202);
      assert.equal(answer.body.length, 0);
    }
  });

  test('answers what is no proper request with JSON-RPC errors', async () => {
    const cases = [
      ['{"jsonrpc":', 400, -32700, null],
      ['\u0000', 400, -32700, null],
      [5, 400, -32600, null],
      ['null', 400, -32600, null],
      [{id: 1, method: 'ping'}, 400, -32600, 1],
      [{jsonrpc: '1.0', id: 'a', method: 'ping'}, 400, -32600, 'a'],
      [{jsonrpc: '2.0', id: null, method: 'ping'}, 400, -32600, null],
      [{jsonrpc: '2.0', id: 1.5, method: 'ping'}, 400, -32600, null],
      [{jsonrpc: '2.0', id: 1, method: 7}, 400, -32600, 1],
      [{jsonrpc: '2.0', id: 1}, 400, -32600, 1],
      [request('resources/list'), 200, -32601, 1],
      [request('tools/list', []), 200, -32602, 1],
      [request('tools/list', {cursor: 'x'}), 200, -32602, 1],
      [request('tools/call', {}), 200, -32602, 1],
      [request('tools/call', {name: 'CheckBudget', arguments: []}), 200, -32602, 1],
      [request('initialize', {}), 200, -32602, 1],
    ];
    for (const [body, status, code, id] of cases) {
      const answer = await said(body);
      assert.equal(answer.status, status, JSON.stringify(body));
      assert.equal(answer.error?.code, code, JSON.stringify(body));
      assert.equal(answer.id, id, JSON.stringify(body));
      assert.equal(answer.jsonrpc, '2.0');
    }
    assert.equal((await said('['.repeat(200) + ']'.repeat(200))).error.code, -32700);
  });

  test('has batches in the one version that has them', async () => {
    const old = {'mcp-protocol-version': '2025-03-26'};
    const batch = [request('ping', undefined, 'a'), {jsonrpc: '2.0', method: 'notifications/initialized'},
                   {}, request('tools/call', {name: 'GetBudgetStatus', arguments: {}}, 2),
                   {...hello('2025-03-26'), id: 3}];
    const answers = JSON.parse((await raw(batch, old)).body);
    assert.deepEqual(answers.map((each) => each.id), ['a', null, 2, 3]);
    assert.deepEqual(answers[0].result, {});
    assert.equal(answers[1].error.code, -32600);
    assert.equal(answers[2].result.isError, false);
    assert.equal(answers[3].error.code, -32600);
    assert.equal((await raw([{jsonrpc: '2.0', method: 'notifications/initialized'}], old)).status, 202);
    for (const [body, headers] of [[[], old], [Array(51).fill(request('ping')), old],
                                   [batch, {'mcp-protocol-version': '2025-11-25'}]]) {
      const answer = await said(body, headers);
      assert.equal(answer.status, 400);
      assert.equal(answer.error.code, -32600);
    }
  });

  test('offers no stream and no session', async () => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const answer = await raw(undefined, {accept: 'text/event-stream'}, method);
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers.allow, 'POST');
    }
  });

  test('refuses pages of other origins, other types, and whoever shows no key', async () => {
    const own = new URL(proxy.url);
    for (const [origin, status] of [['https://evil.example', 403], ['null', 403],
                                    [`http://localhost.evil.example:${own.port}`, 403],
                                    ['http://localhost:5173', 200], [proxy.url, 200]]) {
      assert.equal((await raw(request('ping'), {origin})).status, status, origin);
    }
    assert.equal((await raw(request('ping'), {'content-type': 'text/plain'})).status, 415);
    assert.equal((await raw(request('ping'), {accept: 'text/html'})).status, 406);
    assert.equal((await raw(request('ping'), {accept: '*/*'})).status, 200);
    const nobody = await raw(request('ping'), {'x-api-key': ''});
    assert.equal(nobody.status, 401);
    assert.match(nobody.headers['www-authenticate'], /^Bearer/);
  });
});

describe("Tekton's own paths", () => {
  const tekton = async (target, body, key = operator) => {
    const answer = await proxy.fetch('/api/mcp/' + target, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {'x-api-key': key, 'content-type': 'application/json'},
      body: body === undefined ? undefined : JSON.stringify(body)});
    return {http: answer.status, ...JSON.parse(answer.body)};
  };

  test('tell of the service and its tools', async () => {
    assert.equal(JSON.parse((await proxy.fetch('/api/mcp/health')).body).status, 'healthy');
    const {capabilities, count} = await tekton('capabilities');
    assert.deepEqual(capabilities.map((each) => [each.name, each.modality]),
      [['budget_management', 'resource'], ['model_recommendations', 'optimization'],
       ['budget_analytics', 'analytics']]);
    assert.equal(count, 3);
    assert.deepEqual(capabilities.flatMap((each) => each.tools).sort(), [...names].sort());
    const {tools} = await tekton('tools');
    assert.deepEqual(tools.map((tool) => tool.name), names);
    assert.equal((await tekton('tools', undefined, 'wrong-key-wrong-key-wrong-key-wrong-')).http, 401);
    assert.equal((await tekton('capabilities', undefined, '')).http, 401);
  });

  test('run a tool, and say in the answer what went wrong', async () => {
    const made = await tekton('process', {tool: 'AllocateBudget',
      parameters: {context_id: 't1', amount: 100, component: 'apollo'}});
    assert.deepEqual([made.http, made.status, made.result.amount], [200, 'success', 100]);
    const wrong = await tekton('process', {tool: 'AllocateBudget', parameters: {context_id: 't1'}});
    assert.deepEqual([wrong.status, wrong.result, wrong.error], ['error', null, 'amount is required.']);
    assert.equal((await tekton('process', {tool: 'Nothing'})).status, 'error');
    const may = await tekton('process', {tool: 'AllocateBudget',
      parameters: {context_id: 't1', amount: 100, component: 'apollo'}}, viewer);
    assert.deepEqual([may.http, may.code], [200, 'authorization_error']);
    assert.deepEqual([may.status, may.error], ['error', 'This needs the role operator.']);
    assert.equal((await tekton('process', {parameters: {}})).http, 400);
    assert.equal((await tekton('process', {tool: 'CheckBudget', parameters: []})).http, 400);
    assert.equal((await tekton('process', {tool: 'CheckBudget'}, 'wrong-key-wrong-key-wrong-key-wrong-')).http, 401);
  });
});
