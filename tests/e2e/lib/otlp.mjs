// A collector that takes traces by OTLP over HTTP, in JSON, and is strict: what
// it is sent must be what opentelemetry-proto's messages are in JSON.
// Sources: opentelemetry/proto/collector/trace/v1/trace_service.proto and what
// it imports; https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import http from 'node:http';
import {until} from './raw.mjs';

const text = (value) => typeof value === 'string';
const integer = (most) => (value) => Number.isInteger(value) && value >= 0 && value <= most;
const uint32 = integer(0xffffffff);
const decimal = (value) => text(value) && /^(0|[1-9]\d*)$/.test(value) && BigInt(value) < 2n ** 64n;
const signed = (value) => text(value) && /^-?(0|[1-9]\d*)$/.test(value);
const hex = (digits) => (value) =>
  text(value) && new RegExp(`^[0-9a-f]{${digits}}$`).test(value) && /[^0]/.test(value);

// Field: a check of its value, a message's name, or that in a list.
const messages = {
  ExportTraceServiceRequest: {resourceSpans: ['ResourceSpans']},
  ResourceSpans: {resource: 'Resource', scopeSpans: ['ScopeSpans'], schemaUrl: text},
  Resource: {attributes: ['KeyValue'], droppedAttributesCount: uint32},
  ScopeSpans: {scope: 'InstrumentationScope', spans: ['Span'], schemaUrl: text},
  InstrumentationScope: {name: text, version: text, attributes: ['KeyValue'], droppedAttributesCount: uint32},
  Span: {traceId: hex(32), spanId: hex(16), traceState: text, parentSpanId: hex(16), flags: uint32,
         name: text, kind: integer(5), startTimeUnixNano: decimal, endTimeUnixNano: decimal,
         attributes: ['KeyValue'], droppedAttributesCount: uint32, events: ['Event'],
         droppedEventsCount: uint32, links: ['Link'], droppedLinksCount: uint32, status: 'Status'},
  Event: {timeUnixNano: decimal, name: text, attributes: ['KeyValue'], droppedAttributesCount: uint32},
  Link: {traceId: hex(32), spanId: hex(16), traceState: text, attributes: ['KeyValue'],
         droppedAttributesCount: uint32, flags: uint32},
  Status: {message: text, code: integer(2)},
  KeyValue: {key: text, value: 'AnyValue'},
  AnyValue: {stringValue: text, boolValue: (value) => typeof value === 'boolean', intValue: signed,
             doubleValue: (value) => typeof value === 'number', arrayValue: 'ArrayValue',
             kvlistValue: 'KeyValueList', bytesValue: text},
  ArrayValue: {values: ['AnyValue']},
  KeyValueList: {values: ['KeyValue']},
};
const required = {Span: ['traceId', 'spanId', 'name', 'startTimeUnixNano', 'endTimeUnixNano'],
                  KeyValue: ['key', 'value']};

// What is wrong with `value` as such a message; [] for nothing.
export function problems(value, name = 'ExportTraceServiceRequest', at = name) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: not an object`];
  const found = (required[name] ?? []).filter((field) => !(field in value))
    .map((field) => `${at}: no ${field}`);
  if (name === 'AnyValue' && Object.keys(value).length !== 1) found.push(`${at}: not one value`);
  for (const [field, member] of Object.entries(value)) {
    const type = messages[name][field];
    const where = `${at}.${field}`;
    if (type === undefined) found.push(`${where}: there is no such field`);
    else if (typeof type === 'function') {
      if (!type(member)) found.push(`${where}: not ${JSON.stringify(member)}`);
    } else if (typeof type === 'string') found.push(...problems(member, type, where));
    else if (!Array.isArray(member)) found.push(`${where}: not a list`);
    else member.forEach((each, i) => found.push(...problems(each, type[0], `${where}[${i}]`)));
  }
  if (name === 'Span') {
    if (BigInt(value.endTimeUnixNano) < BigInt(value.startTimeUnixNano)) found.push(`${at}: ends before it starts`);
    const keys = (value.attributes ?? []).map(({key}) => key);
    if (new Set(keys).size !== keys.length) found.push(`${at}: an attribute twice`);
  }
  return found;
}

const plain = ({stringValue, boolValue, intValue}) =>
  stringValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue));
export const attributesOf = ({attributes}) =>
  Object.fromEntries(attributes.map(({key, value}) => [key, plain(value)]));

// Every request is kept in `requests`, as {url, headers, text}; what is wrong
// with them in `problems`; the spans of those that were answered 200 in `spans`,
// with their attributes as an object. `answer` is what the next ones get:
// {status, body}, or null for none.
export async function startCollector({port = 0} = {}) {
  const collector = {requests: [], problems: [], spans: [], answer: {status: 200, body: '{}'}};
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      collector.requests.push({url: request.url, headers: request.headers, text: body});
      const {answer} = collector;
      if (request.method !== 'POST') collector.problems.push(`a ${request.method}`);
      if (request.headers['content-type'] !== 'application/json') collector.problems.push('the content type');
      let parsed;
      try {
        parsed = JSON.parse(body);
        collector.problems.push(...problems(parsed));
      } catch (error) {
        collector.problems.push(`no JSON: ${error.message}`);
      }
      if (answer === null) return;
      if (answer.status === 200) {
        for (const {resource, scopeSpans} of parsed?.resourceSpans ?? []) {
          for (const {spans} of scopeSpans) {
            collector.spans.push(...spans.map((span) =>
              ({...span, resource: attributesOf(resource), attributes: attributesOf(span)})));
          }
        }
      }
      response.writeHead(answer.status, {'content-type': 'application/json'});
      response.end(answer.body);
    });
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  collector.port = server.address().port;
  collector.url = `http://127.0.0.1:${collector.port}`;
  // The spans with that attribute, once there are `count`.
  collector.find = async (key, value, count = 1) => {
    const those = () => collector.spans.filter(({attributes}) => attributes[key] === value);
    await until(() => those().length >= count, `${count} spans with ${key} ${value}`, 10_000);
    return those();
  };
  collector.close = () => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  });
  return collector;
}
