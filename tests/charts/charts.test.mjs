// The chart, rendered by the real helm over a matrix of values (values/*.yaml)
// and judged by Kubernetes' own types, by files of what came out before
// (golden/*.yaml; UPDATE_GOLDEN=1 writes them), and by `budget check`.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {after, describe, test} from 'node:test';
import {binary, chart, helm, kubectl, named, objectsOf, patchOf, podsOf, render, temporaryFolder} from './lib.mjs';
import {problemsOf} from './schemas.mjs';

const here = import.meta.dirname;
const folder = temporaryFolder();
after(() => fs.rmSync(folder, {recursive: true, force: true}));
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                         '-subj', '/CN=budget', '-keyout', 'tls.key', '-out', 'tls.crt'],
             {cwd: folder, stdio: 'ignore'});

const cases = fs.readdirSync(path.join(here, 'values')).map((file) => path.basename(file, '.yaml'));
const valuesOf = (name) => ['--values', path.join(here, 'values', `${name}.yaml`)];

// What the objects' own types say, and what they cannot know.
function problemsOfAll(objects) {
  const problems = objects.flatMap((object) => problemsOf(object));
  for (const object of objects) {
    if (object.data?.['patch.yaml']) problems.push(...problemsOf(patchOf(object), 'PodTemplateSpec'));
  }
  for (const pod of podsOf(objects)) problems.push(...problemsOfPod(pod));
  const ports = objects.filter(({kind}) => kind === 'StatefulSet')
    .flatMap(({spec}) => spec.template.spec.containers).flatMap((container) => container.ports);
  for (const service of objects.filter(({kind}) => kind === 'Service')) {
    for (const {targetPort} of service.spec.ports) {
      if (!ports.some(({name}) => name === targetPort)) problems.push(`no container has the port ${targetPort}`);
    }
  }
  return problems;
}

// References inside a pod, and the restricted Pod Security Standard.
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
function problemsOfPod(pod) {
  const problems = [];
  const volumes = new Set((pod.volumes ?? []).map(({name}) => name).concat('budget-data'));
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    if (!container.name.startsWith('budget')) continue;
    const security = container.securityContext ?? {};
    for (const [what, good] of Object.entries({
      'privilege escalation': security.allowPrivilegeEscalation === false,
      'root': security.runAsNonRoot === true && security.runAsUser > 0,
      'capabilities': security.capabilities?.drop?.includes('ALL'),
      'a writable root': security.readOnlyRootFilesystem === true,
      'no seccomp profile': security.seccompProfile?.type === 'RuntimeDefault',
      'no resources': container.resources?.requests?.memory && container.resources?.limits?.memory,
    })) {
      if (!good) problems.push(`${container.name} has ${what}`);
    }
    for (const {name} of container.volumeMounts) {
      if (!volumes.has(name)) problems.push(`${container.name} mounts ${name}, which is no volume`);
    }
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const port = container[probe]?.httpGet.port;
      if (port && !container.ports.some(({name}) => name === port)) problems.push(`${probe} asks no port`);
    }
  }
  return problems;
}

// The configuration as the container would see it, on this machine.
function checked(objects) {
  const text = objects.find((object) => object.data?.['budget.yaml']).data['budget.yaml'];
  const file = path.join(folder, 'budget.yaml');
  fs.writeFileSync(file, text.replaceAll('/etc/budget-tls', folder).replaceAll('/var/lib/budget', folder));
  return spawnSync(binary, ['check', '--config', file], {encoding: 'utf8'});
}

test('what is generated from values.yaml is up to date', () => {
  const result = spawnSync('node', [path.join(here, 'generate.mjs'), '--check'], {encoding: 'utf8'});
  assert.equal(result.status, 0, result.stderr);
});

describe('matrix', () => {
  for (const name of cases) {
    test(name, () => {
      const lint = helm('lint', '--strict', chart, ...valuesOf(name));
      assert.equal(lint.status, 0, lint.stdout + lint.stderr);
      const {text, objects} = render(valuesOf(name));
      assert.deepEqual(problemsOfAll(objects), []);
      const check = checked(objects);
      assert.equal(check.status, 0, check.stdout + check.stderr);
      const golden = path.join(here, 'golden', `${name}.yaml`);
      if (process.env.UPDATE_GOLDEN) fs.writeFileSync(golden, text);
      assert.equal(text, fs.readFileSync(golden, 'utf8'));
    });
  }
});

test("the README's values are taken, and a client's base URL is the Service's", () => {
  const readme = fs.readFileSync(path.join(chart, 'README.md'), 'utf8');
  const file = path.join(folder, 'readme.yaml');
  fs.writeFileSync(file, /```yaml\n(# values\.yaml\n[^`]*)```/.exec(readme)[1]);
  const result = helm('template', 'budget', chart, '--namespace', 'budget', '--values', file);
  assert.equal(result.status, 0, result.stderr);
  const objects = objectsOf(result.stdout);
  assert.deepEqual(problemsOfAll(objects), []);
  const check = checked(objects);
  assert.equal(check.status, 0, check.stdout + check.stderr);
  assert.match(check.stdout, /1 provider\n/);
  assert.match(readme, /http:\/\/budget\.budget\.svc:8013\/openai\/v1/);
  assert.equal(named(objects, 'Service', 'budget').spec.ports[0].port, 8013);
  const {template} = named(objects, 'StatefulSet', 'budget').spec;
  assert.deepEqual(template.spec.containers[0].env[0].valueFrom.secretKeyRef, {name: 'llm-keys', key: 'openai'});
});

test('numbers reach the configuration as they were written', () => {
  const {objects} = render(valuesOf('gateway-full'));
  const config = named(objects, 'ConfigMap', 'llm-gateway').data['budget.yaml'];
  for (const number of ['123456789012', '1000000.000001', '0.000001']) {
    assert.match(config, new RegExp(`_limit": ${number.replace('.', '\\.')},?$`, 'm'));
  }
});

test('a restart follows from what only a restart changes', () => {
  const checksum = (...args) => named(render(args).objects, 'StatefulSet')
    .spec.template.metadata.annotations['checksum/budget-restart'];
  const before = checksum();
  assert.equal(checksum('--set', 'config.budgets=null'), before);
  assert.equal(checksum('--set', 'config.store.on_failure=allow'), before);
  assert.equal(checksum('--set', 'config.limits.request_body=1MiB'), before);
  for (const change of ['config.workers=2', 'config.limits.connections=5', 'config.telemetry.log.level=warn',
                        'shutdownTimeoutSeconds=31', 'config.store.journal_sync=1s', 'admin.existingSecret=a']) {
    assert.notEqual(checksum('--set', change), before, change);
  }
});

test('the pod gets longer to end than its calls', () => {
  const {spec} = named(render(valuesOf('gateway-full')).objects, 'StatefulSet').spec.template;
  assert.deepEqual(spec.containers[0].lifecycle.preStop.exec.command, ['sleep', '10']);
  assert.equal(spec.terminationGracePeriodSeconds, 10 + 120 + 5);
});

test('nothing but the admin Service leads to the admin port', () => {
  const {objects} = render(valuesOf('gateway-full'));
  const services = objects.filter(({kind}) => kind === 'Service');
  assert.deepEqual(services.map(({metadata, spec}) => [metadata.name, spec.type, spec.ports.map(({name}) => name)]),
                   [['llm-gateway', 'LoadBalancer', ['llm']], ['llm-gateway-admin', 'ClusterIP', ['budget-admin']]]);
  assert.equal(named(objects, 'Ingress').spec.rules[0].http.paths[0].backend.service.name, 'llm-gateway');
  assert.equal(named(objects, 'HTTPRoute').spec.rules[0].backendRefs[0].port, 443);
});

test('a sidecar takes calls on loopback only and is there before the others', () => {
  const {objects} = render(valuesOf('sidecar'));
  assert.deepEqual(objects.map(({kind}) => kind).sort(), ['ConfigMap', 'ConfigMap', 'Pod', 'PodMonitor']);
  const config = JSON.parse(named(objects, 'ConfigMap', 'rel-budget').data['budget.yaml']);
  assert.deepEqual(config.listen, [{address: '127.0.0.1:8013', serve: ['llm']}, {address: ':8014', serve: ['admin']}]);
  const {initContainers} = patchOf(named(objects, 'ConfigMap', 'rel-budget-sidecar')).spec;
  assert.deepEqual(initContainers.map(({name, restartPolicy}) => [name, restartPolicy]),
                   [['budget-check', undefined], ['budget', 'Always']]);
});

test('the patch adds a sidecar to a Deployment that has containers of its own', () => {
  const own = (name) => ({name, image: 'own', volumeMounts: [{name: 'own', mountPath: '/own'}]});
  const deployment = path.join(folder, 'deployment.json');
  fs.writeFileSync(deployment, JSON.stringify({
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name: 'my-app'},
    spec: {selector: {matchLabels: {app: 'my-app'}}, template: {
      metadata: {labels: {app: 'my-app'}},
      spec: {initContainers: [own('migrate')], containers: [own('app')], volumes: [{name: 'own', emptyDir: {}}]}}}}));
  const patch = path.join(folder, 'patch.yaml');
  const {objects} = render(valuesOf('sidecar'));
  fs.writeFileSync(patch, named(objects, 'ConfigMap', 'rel-budget-sidecar').data['patch.yaml']);
  const result = kubectl('patch', '--local', '-f', deployment, '--patch-file', patch, '-o', 'json');
  assert.equal(result.status, 0, result.stderr);
  const {metadata, spec} = JSON.parse(result.stdout).spec.template;
  assert.deepEqual(problemsOf({metadata, spec}, 'PodTemplateSpec'), []);
  assert.deepEqual(problemsOfPod(spec), []);
  const names = (list) => list.map(({name}) => name);
  assert.deepEqual(names(spec.initContainers), ['budget-check', 'budget', 'migrate']);
  assert.deepEqual(names(spec.containers), ['app']);
  assert.deepEqual(names(spec.volumes).sort(), ['budget-config', 'budget-data', 'budget-tmp', 'own']);
  assert.deepEqual(metadata.labels, {'app': 'my-app', 'budget-sidecar': 'rel'});
});

test('another chart can have it as a dependency', () => {
  const parent = path.join(folder, 'parent');
  fs.cpSync(path.join(here, 'parent'), parent, {recursive: true});
  fs.cpSync(chart, path.join(parent, 'charts/budget'), {recursive: true});
  const {objects} = render([], parent);
  const agent = named(objects, 'Pod', 'agent');
  assert.deepEqual(problemsOfAll(objects), []);
  assert.equal(agent.spec.initContainers[1].image, 'registry.example.com/budget:0.1.0');
  const config = agent.spec.volumes.find(({name}) => name === 'budget-config').configMap.name;
  assert.ok(named(objects, 'ConfigMap', config), `nothing makes ${config}`);
});

test('what a person is told names commands for the release', () => {
  const notes = (name) => {
    const result = helm('install', 'rel', chart, '--namespace', 'ns', '--dry-run=client', '--hide-notes=false',
                        ...valuesOf(name));
    return result.stdout;
  };
  const gateway = notes('gateway-full');
  assert.match(gateway, /https:\/\/llm-gateway\.ns\.svc:443/);
  assert.match(gateway, /get secret budget-admin -o 'jsonpath=\{\.data\.admin\\\.key\}'/);
  assert.match(notes('default'), /exec rel-budget-0 -c budget -- cat \/var\/lib\/budget\/store\/admin\.key/);
  assert.match(notes('sidecar'), /get configmap rel-budget-sidecar/);
});

describe('mistakes in values are refused with a word on what to do', () => {
  for (const [values, said] of [
    ['replicas=2', /replicas is 2, but the embedded store has one writer/],
    ['replicas=-1', /\/replicas/],
    ['replica=1', /additional properties 'replica' not allowed/],
    ['mode=gatway', /\/mode': value must be one of 'gateway', 'sidecar'/],
    ['image.tag=1', /\/image\/tag': got number, want string/],
    ['image.digest=abc', /\/image\/digest/],
    ['service.llmPort=80000', /\/service\/llmPort/],
    ['secretEnv.KEY.name=a', /\/secretEnv\/KEY': missing property 'key'/],
    ['config.store.kind=redis', /keeps an embedded store only/],
    ['config.store.path=/x', /set persistence, or sidecar\.volume/],
    ['config.listen[0].address=:1', /set service and tls instead/],
    ['config.shutdown_timeout=1s', /set shutdownTimeoutSeconds instead/],
    ['config.admin.keys[0].name=a', /set admin\.existingSecret/],
    ['config.budgets[0].polices=1', /\/config\/budgets\/0': additional properties 'polices' not allowed/],
    ['config.budget=1', /\/config': additional properties 'budget' not allowed/],
    ['tls.mode=secret', /set tls\.secretName/],
    ['tls.mode=certManager', /set tls\.certManager\.issuerRef\.name/],
    ['httpRoute.enabled=true', /set httpRoute\.parentRefs/],
    ['ingress.enabled=true', /set ingress\.hosts/],
    ['mode=sidecar,ingress.enabled=true,ingress.hosts={a}', /ingress\.enabled is for mode gateway/],
    ['mode=sidecar,metrics.serviceMonitor.enabled=true', /metrics\.serviceMonitor\.enabled is for mode gateway/],
    ['mode=sidecar,tls.mode=secret,tls.secretName=a', /tls is for mode gateway/],
  ]) {
    test(values, () => {
      const result = helm('template', 'rel', chart, '--set', values);
      assert.notEqual(result.status, 0, 'it was taken');
      assert.match(result.stderr, said);
    });
  }

  test('one that only Budget sees is found by the check', () => {
    const {objects} = render(['--set', 'config.budgets[0].timezone=Europe/Nowhere']);
    const check = checked(objects);
    assert.equal(check.status, 1);
    assert.match(check.stdout + check.stderr, /Nowhere/);
  });
});

// So that the checks above can be believed.
describe('a planted error in a template is caught', () => {
  for (const [file, was, is] of [
    ['templates/statefulset.yaml', 'serviceName:', 'servceName:'],
    ['templates/service.yaml', 'targetPort: llm', 'targetPort: lm'],
    ['templates/_pod.tpl', 'containerPort: 8014', 'containerPrt: 8014'],
    ['templates/_pod.tpl', '    - {name: budget-tmp, mountPath: /tmp}', '    - {name: budget-temp, mountPath: /tmp}'],
    ['templates/_pod.tpl', 'port: budget-admin', 'port: admin'],
    ['templates/certificate.yaml', 'secretName:', 'secret:'],
    ['templates/httproute.yaml', 'backendRefs:', 'backends:'],
    ['templates/networkpolicy.yaml', 'policyTypes:', 'policies:'],
    ['templates/monitors.yaml', 'interval:', 'every:'],
    ['templates/_sidecar.tpl', 'emptyDir: {sizeLimit: 64Mi}', 'emptyDir: {limit: 64Mi}'],
    ['values.yaml', 'readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false'],
    ['values.yaml', 'capabilities: {drop: [ALL]}', 'capabilities: {}'],
  ]) {
    test(`${file}: ${is.trim()}`, () => {
      const copy = path.join(folder, 'planted');
      fs.rmSync(copy, {recursive: true, force: true});
      fs.cpSync(chart, copy, {recursive: true});
      const text = fs.readFileSync(path.join(copy, file), 'utf8');
      assert.ok(text.includes(was), `${file} has no ${was}`);
      fs.writeFileSync(path.join(copy, file), text.replace(was, is));
      const problems = ['gateway-full', 'sidecar'].flatMap((name) => {
        try {
          return problemsOfAll(render(valuesOf(name), copy).objects);
        } catch (error) {
          return [error.message];
        }
      });
      assert.notDeepEqual(problems, []);
    });
  }
});
