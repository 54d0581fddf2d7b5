// A running proxy for the SDKs of this process, and what it says of their calls.
import assert from 'node:assert/strict';
import {Budget} from './budget.mjs';

// Every HTTP exchange that an SDK made since the last `exchanges.splice(0)`.
export const exchanges = [];
const {fetch} = globalThis;
globalThis.fetch = async (...args) => {
  const response = await fetch(...args);
  exchanges.push({status: response.status, headers: response.headers});
  return response;
};

// NODE_EXTRA_CA_CERTS is read when a process starts, before there is a
// certificate; fetch's own dispatcher takes it now.
export async function trust(ca) {
  await fetch('data:,');
  const key = Symbol.for('undici.globalDispatcher.1');
  const Agent = globalThis[key].constructor;
  globalThis[key] = new Agent({connect: {ca}});
}

// A running proxy with the simulated provider, trusted by this process.
// Prices are USD 2.50 and 10 per million tokens of input and output.
export async function startBudget({budgets = '', providers = '', prices = ''} = {}) {
  const budget = await new Budget({
    tls: true,
    config: `
providers:
  simulated: {format: simulated}
${providers}
budgets:
  - {name: everything, policies: [{name: day, period: daily, cost_limit: 100000, stream_overrun: finish}]}
${budgets}
prices:
  overrides:
    "simulated/*": {input: 2.50, output: 10.00}
${prices}
`,
  }).start();
  await trust(budget.ca);
  return budget;
}

export const costNano = ({input, output}) => input * 2500 + output * 10000;

// The one record of a component. It is durable before the answer's last byte;
// of a call that its client gave up, shortly after.
export async function recordOf(budget, component) {
  for (
    const deadline = Date.now() + 5000;
    ;
    await new Promise((resolve) => setTimeout(resolve, 20))
  ) {
    const records = await budget.records(`&component=${component}`);
    if (records.length === 0 && Date.now() < deadline) continue;
    assert.equal(records.length, 1, `one record of ${component}`);
    return records[0];
  }
}

// A counter of /metrics, by its name and labels.
export async function metric(budget, name) {
  const {body} = await budget.fetch('/metrics');
  const line = body
    .toString()
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return Number(line.slice(name.length));
}

// The headers of the last exchange.
export const lastHeaders = () => exchanges.at(-1).headers;
