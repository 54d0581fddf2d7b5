// What a budget refuses, lowers or changes, as every official SDK sees it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {
  exchanges,
  lastHeaders,
  metric,
  once,
  recordOf,
  sdk,
  sdks,
  startBudget,
} from './lib/sdk.mjs';

let budget;
before(async () => {
  budget = await startBudget({
    budgets: `
  - name: tiny
    policies: [{name: nothing, period: daily, match: {component: "tiny-*"}, token_limit: 1}]
  - name: never
    policies: [{name: nothing, period: total, match: {component: "never-*"}, token_limit: 1}]
  - name: minute
    policies: [{name: nothing, period: minute, match: {component: "minute-*"}, token_limit: 1}]
  - name: single
    policies: [{name: one, period: daily, match: {component: "single-*"}, per: [component], concurrent_limit: 1}]
  - name: statuses
    policies:
      - {name: payment, period: daily, match: {component: "pay-*"}, token_limit: 1, deny_status: 402}
      - {name: forbidden, period: daily, match: {component: "forbid-*"}, token_limit: 1, deny_status: 403}
  - name: clamped
    policies:
      - {name: stated, period: daily, match: {component: "clamp-*"}, per: [component], token_limit: 400, clamp_min_tokens: 16, when_exceeded: [clamp]}
      - {name: unstated, period: daily, match: {component: "tight-*"}, per: [component], token_limit: 400, clamp_min_tokens: 16}
  - name: cheaper
    policies:
      - {name: down, period: daily, match: {component: "down-*"}, per: [component], cost_limit: 0.01, when_exceeded: [{downgrade: [SMALL]}]}
  - name: warned
    policies: [{name: soon, type: warn, period: daily, match: {component: "warn-*"}, token_limit: 1}]
`.replace('SMALL', 'small-model, simulated/anthropic.small-model'),
    prices: `
    "simulated/big-model": {input: 2.50, output: 1000}
    "simulated/anthropic.big-model": {input: 2.50, output: 1000}
`,
  });
});
after(() => budget?.stop());

// The SDK's error, and that it asked exactly once.
async function refused(each, component, call = (client) => client.plain(), status = 429) {
  exchanges.length = 0;
  const denied = await metric(budget, 'budget_calls_total{decision="deny"}');
  let error;
  await call(each.connect(budget, component)).catch((e) => {
    error = e;
  });
  assert.ok(error, `${each.name} was not refused`);
  each.error(error, status);
  assert.equal(exchanges.length, 1, `${each.name} sent the call once`);
  assert.equal(
    await metric(budget, 'budget_calls_total{decision="deny"}'),
    denied + 1,
    `the proxy decided the call of ${each.name} once`,
  );
  assert.deepEqual(await budget.records(`&component=${component}`), [], 'a refusal is no usage');
  return error;
}

for (const each of sdks) {
  describe(each.name, () => {
    const {name} = each;

    for (const [kind, call] of [
      ['plain', (client) => client.plain()],
      ['streamed', (client) => client.stream()],
    ]) {
      test(`raises its own error for a ${kind} call that is refused, and does not retry`, async () => {
        const error = await refused(each, `tiny-${name}`, call);
        each.refusal(error);
        assert.match(error.message, /Budget 'tiny', policy 'nothing'.*daily limit of 1 token/s);
        assert.match(error.message, /resets at \d{4}-\d\d-\d\dT00:00:00Z/);
        assert.equal(lastHeaders().get('x-budget-decision'), 'deny');
        assert.equal(lastHeaders().get('x-budget-remaining'), 'nothing=1tokens');
      });
    }

    test('does not retry a refusal that never clears', async () => {
      await refused(each, `never-${name}`);
      assert.equal(lastHeaders().get('retry-after'), null);
      assert.equal(lastHeaders().get('x-should-retry'), 'false');
    });

    test('is refused with the status that the policy says', async () => {
      const error = await refused(each, `forbid-${name}`, (client) => client.plain(), 403);
      assert.match(error.message, /policy 'forbidden'/);
    });

    test('takes a clamped answer as one that ran out of tokens', async () => {
      const component = `clamp-${name}`;
      const told = await each
        .connect(budget, component, {'X-Simulate-Output-Tokens': '3000'})
        .plain({maxTokens: 4000});
      assert.equal(told.finish, each.length);
      assert.equal(lastHeaders().get('x-budget-decision'), 'clamp');
      const record = await recordOf(budget, component);
      assert.equal(record.decision, 'clamp');
      assert.equal(record.usage_source, 'reported');
      assert.ok(record.total_tokens > 300 && record.total_tokens <= 400, `${record.total_tokens}`);
    });

    // Anthropic's format has no call without a ceiling.
    if (name !== 'anthropic') {
      test('is given the ceiling that fits where it states none', async () => {
        const component = `tight-${name}`;
        const told = await each
          .connect(budget, component, {'X-Simulate-Output-Tokens': '3000'})
          .stream();
        assert.equal(told.finish, each.length);
        assert.equal(lastHeaders().get('x-budget-decision'), 'clamp');
        const record = await recordOf(budget, component);
        assert.ok(
          record.total_tokens > 300 && record.total_tokens <= 400,
          `${record.total_tokens}`,
        );
      });
    }

    test('understands an answer by a cheaper model', async () => {
      const component = `down-${name}`;
      const prefix = name === 'bedrock' ? 'anthropic.' : '';
      const told = await each
        .connect(budget, component)
        .plain({maxTokens: 100, model: `${prefix}big-model`});
      assert.ok(told.text.length > 20);
      if (told.model) assert.equal(told.model, 'small-model');
      assert.equal(lastHeaders().get('x-budget-decision'), 'downgrade');
      const record = await recordOf(budget, component);
      assert.equal(lastHeaders().get('x-budget-model'), record.model);
      assert.equal(record.requested_model, `${prefix}big-model`);
      assert.match(record.model, /small-model$/);
      assert.equal(record.decision, 'downgrade');
    });

    test('raises its own errors for what the provider refuses, which costs nothing', async () => {
      for (const status of [400, 401, 404, 429, 500, 529]) {
        const component = `status-${status}-${name}`;
        const headers = {'X-Simulate-Status': `${status}`};
        const connected = once(each.connect(budget, component, headers));
        let error;
        await connected.plain().catch((e) => {
          error = e;
        });
        each.error(error, status);
        assert.equal(lastHeaders().get('x-budget-cost'), '0.000000000');
        const record = await recordOf(budget, component);
        assert.deepEqual(
          [record.status, record.error, record.total_tokens, record.total_cost_nano],
          [status, 'upstream_error', 0, 0],
        );
      }
    });

    test('is warned in a header and served', async () => {
      const told = await each.connect(budget, `warn-${name}`).plain();
      assert.equal(told.finish, each.stop);
      assert.equal(lastHeaders().get('x-budget-decision'), 'warn');
      assert.match(lastHeaders().get('x-budget-warning'), /soon/);
    });
  });
}

test('A refusal that clears within a minute says when, and may be retried', async () => {
  for (const each of sdks) {
    const connected = once(each.connect(budget, `minute-${each.name}`));
    await assert.rejects(connected.plain());
    const seconds = Number(lastHeaders().get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 60, `${seconds}`);
    assert.equal(lastHeaders().get('x-should-retry'), null);
  }
});

test('An SDK that retries while another call ends finds room', async () => {
  for (const name of ['openai', 'anthropic']) {
    const component = `single-${name}`;
    // A call in flight that says nothing more once it has begun.
    const {client} = sdk.openai.connect(budget, component, {'X-Simulate-Stall-After': '400'});
    const stalled = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{role: 'user', content: 'x'}],
      stream: true,
    });
    exchanges.length = 0;
    const answer = sdk[name].connect(budget, component).plain();
    while (exchanges.length === 0) await new Promise(setImmediate);
    stalled.controller.abort();
    assert.equal((await answer).finish, sdk[name].stop);
    assert.deepEqual(
      exchanges.map(({status}) => status),
      [429, 200],
    );
    assert.equal(exchanges[0].headers.get('retry-after'), '1');
    const records = await budget.records(`&component=${component}`);
    assert.deepEqual(
      records.map(({error}) => error),
      ['client_gone', ''],
    );
  }
});

test('A policy may refuse with 402', async () => {
  await assert.rejects(sdk.openai.connect(budget, 'pay-openai').plain(), {status: 402});
  await assert.rejects(sdk.anthropic.connect(budget, 'pay-anthropic').plain(), {status: 402});
});

test('A dry run tells the decision and calls nobody', async () => {
  const paths = {
    openai: ['/v1/chat/completions', {model: 'gpt-4o-mini'}],
    azure: ['/openai/deployments/d/chat/completions', {}],
    anthropic: ['/v1/messages', {model: 'claude-haiku-4-5', max_tokens: 100}],
    ollama: ['/api/chat', {model: 'llama3.2'}],
    cohere: ['/v2/chat', {model: 'command-a-03-2025'}],
    bedrock: ['/model/amazon.nova-lite-v1:0/converse', {}],
    gemini: [
      '/v1beta/models/gemini-2.5-flash:generateContent',
      {contents: [{parts: [{text: 'hi'}]}]},
    ],
  };
  for (const [name, [path, extra]] of Object.entries(paths)) {
    const body = {...extra, messages: [{role: 'user', content: 'hi'}]};
    for (const [who, decision] of [
      ['dry', 'allow'],
      ['tiny', 'deny'],
    ]) {
      const answer = await budget.post(`/@${who}-dry-${name}/simulated${path}`, body, {
        'X-Budget-Dry-Run': 'true',
      });
      assert.equal(answer.status, 200);
      const told = JSON.parse(answer.body);
      assert.equal(told.decision, decision);
      assert.ok(told.estimate.cost_nano > 0 && told.estimate.input_tokens > 0);
      assert.deepEqual(
        told.policies.map(({policy_id}) => policy_id),
        decision === 'deny' ? ['everything/day', 'tiny/nothing'] : ['everything/day'],
      );
      assert.deepEqual(await budget.records(`&component=${who}-dry-${name}`), []);
    }
  }
});
