// Writes what follows from the chart's values.yaml: values.schema.json, and the
// table in README.md between its two markers. With --check it writes nothing
// and fails when one of them is not what it would write.
//   node tests/charts/generate.mjs [--check]
import fs from 'node:fs';
import path from 'node:path';
import {isMap, isScalar, parseDocument} from 'yaml';

const root = path.resolve(import.meta.dirname, '../..');
const chart = path.join(root, 'charts/budget');
const programSchema = JSON.parse(
  fs.readFileSync(path.join(root, 'configs/schema/budget.schema.json'), 'utf8'));

const text = {type: 'string'};
const object = {type: 'object'};
const textMap = {type: 'object', additionalProperties: {type: 'string'}};
const listOf = (items) => ({type: 'array', items});
const secretKey = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'key'],
  properties: {name: text, key: text},
};
const port = {type: 'integer', minimum: 1, maximum: 65535};

// Types that a default does not show. Those of Kubernetes are objects here, and
// checked by the API server.
const types = {
  'mode': {enum: ['gateway', 'sidecar']},
  'replicas': {type: 'integer', minimum: 0},
  'image.digest': {type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$'},
  'image.pullPolicy': {enum: ['Always', 'IfNotPresent', 'Never']},
  'image.pullSecrets': listOf(object),
  'config': {type: 'object', additionalProperties: false, properties: programSchema.properties},
  'secretEnv': {type: 'object', additionalProperties: secretKey},
  'env': textMap,
  'tls.mode': {enum: ['none', 'secret', 'certManager']},
  'tls.certManager.dnsNames': listOf(text),
  'shutdownTimeoutSeconds': {type: 'integer', minimum: 1, maximum: 86400},
  'preStopSeconds': {type: 'integer', minimum: 0, maximum: 3600},
  'persistence.accessModes': listOf(text),
  'persistence.annotations': textMap,
  'service.type': {enum: ['ClusterIP', 'NodePort', 'LoadBalancer']},
  'service.llmPort': port,
  'service.adminPort': port,
  'service.annotations': textMap,
  'service.labels': textMap,
  'ingress.annotations': textMap,
  'ingress.hosts': listOf(text),
  'ingress.tls': listOf(object),
  'httpRoute.parentRefs': listOf(object),
  'httpRoute.hostnames': listOf(text),
  'httpRoute.annotations': textMap,
  'networkPolicy.llmFrom': listOf(object),
  'networkPolicy.adminFrom': listOf(object),
  'networkPolicy.egressPorts': listOf(port),
  'networkPolicy.extraEgress': listOf(object),
  'serviceAccount.annotations': textMap,
  'metrics.serviceMonitor.labels': textMap,
  'metrics.podMonitor.labels': textMap,
  'metrics.prometheusRule.labels': textMap,
  'metrics.dashboard.labels': textMap,
  'sidecar.volume': object,
  'resources': object,
  'podSecurityContext': object,
  'securityContext': object,
  'podAnnotations': textMap,
  'podLabels': textMap,
  'commonLabels': textMap,
  'nodeSelector': textMap,
  'tolerations': listOf(object),
  'affinity': object,
  'topologySpreadConstraints': listOf(object),
};
const used = new Set();

function typeOf(name, value) {
  if (types[name]) {
    used.add(name);
    return types[name];
  }
  if (isScalar(value) && typeof value.value === 'boolean') return {type: 'boolean'};
  if (isScalar(value) && typeof value.value === 'string') return text;
  throw new Error(`generate.mjs has to be told the type of ${name}`);
}

const described = (comment) => (comment ?? '').split('\n').map((line) => line.trim()).join(' ').trim();

// The entries of a map with their comments. The comment of a map's first key
// is the parser's comment of the map.
function entriesOf(map) {
  return map.items.map((item, i) => ({
    key: item.key.value,
    value: item.value,
    // Anything before an empty line is about the file, not the key.
    comment: described((item.key.commentBefore ?? (i === 0 ? map.commentBefore : ''))
      ?.split(/\n\s*\n/).pop()),
  }));
}

const rows = [];

// A map whose type is not told is a section of the chart's own.
function schemaOf(prefix, map) {
  const properties = {};
  for (const {key, value, comment} of entriesOf(map)) {
    const name = prefix + key;
    if (isMap(value) && !types[name]) {
      properties[key] = {...(comment && {description: comment}), ...schemaOf(`${name}.`, value)};
      continue;
    }
    if (!comment) throw new Error(`${name} has no comment in values.yaml`);
    properties[key] = {description: comment, ...typeOf(name, value)};
    const shown = isMap(value) && value.items.length > 0 && name === 'config'
      ? 'see values.yaml' : `\`${JSON.stringify(value.toJSON())}\``;
    rows.push(`| \`${name}\` | ${shown} | ${comment.replaceAll('|', '\\|')} |`);
  }
  return {type: 'object', additionalProperties: false, properties};
}

const document = parseDocument(fs.readFileSync(path.join(chart, 'values.yaml'), 'utf8'));
const schema = schemaOf('', document.contents);
// Where Helm puts what a parent chart shares with all its parts.
schema.properties.global = object;
for (const name of Object.keys(types)) {
  if (!used.has(name)) throw new Error(`generate.mjs has a type for ${name}, which is no value`);
}

const schemaText = JSON.stringify(
  {$schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Values of the chart', ...schema},
  null, 1) + '\n';
const readmeFile = path.join(chart, 'README.md');
const [before, , after] = fs.readFileSync(readmeFile, 'utf8').split(/^<!-- (?:end of )?values.*-->$/m);
const readmeText = `${before}<!-- values: generated by tests/charts/generate.mjs -->

| value | default | meaning |
|---|---|---|
${rows.join('\n')}

<!-- end of values -->${after}`;

let stale = false;
for (const [file, content] of [[path.join(chart, 'values.schema.json'), schemaText],
                               [readmeFile, readmeText]]) {
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === content) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path.relative(root, file)} is not what values.yaml says: run node tests/charts/generate.mjs`);
    stale = true;
  } else {
    fs.writeFileSync(file, content);
  }
}
process.exitCode = stale ? 1 : 0;
