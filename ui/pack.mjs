// The console's files, built in memory, and the one file they are packed in.
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import * as esbuild from 'esbuild';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
const inTheBundle = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];

export const options = {
  absWorkingDir: here,
  entryPoints: {console: 'src/main.tsx', theme: 'src/theme_first.ts'},
  entryNames: '[name]-[hash]',
  outdir: 'out',
  bundle: true,
  write: false,
  minify: true,
  metafile: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
};

// The element for other pages: one file under a name that stays, its styles
// inside.
export const elementOptions = {
  ...options,
  entryPoints: {'tekton-budget': 'src/element.tsx'},
  entryNames: '[name]',
  loader: {'.css': 'text'},
};

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hashed = (name, bytes) => {
  const {name: stem, ext} = path.parse(name);
  return `${stem}-${digest(bytes).slice(0, 8).toUpperCase()}${ext}`;
};

function licenses() {
  const texts = inTheBundle.map((name) => {
    const {version} = JSON.parse(fs.readFileSync(path.join(here, 'node_modules', name, 'package.json')));
    const text = fs.readFileSync(path.join(here, 'node_modules', name, 'LICENSE'), 'utf8');
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return Buffer.from(`The console contains:\n\n${texts.join('\n\n')}`);
}

// [{name, bytes}] of results of esbuild with these options: the page, all that
// it names, and the element.
export function filesOf(...results) {
  const files = results.flatMap(({outputFiles}) => outputFiles).map((file) => ({
    name: path.basename(file.path),
    bytes: Buffer.from(file.contents),
  }));
  const find = (pattern) => files.find(({name}) => pattern.test(name)).name;
  const icon = fs.readFileSync(path.join(here, 'src/icon.svg'));
  const iconName = hashed('icon.svg', icon);
  const license = licenses();
  const licenseName = hashed('licenses.txt', license);
  const page = fs.readFileSync(path.join(here, 'src/index.html'), 'utf8')
    .replace('{{theme}}', find(/^theme-.*\.js$/))
    .replace('{{script}}', find(/^console-.*\.js$/))
    .replace('{{style}}', find(/^console-.*\.css$/))
    .replace('{{icon}}', iconName)
    .replace('{{licenses}}', licenseName);
  return [
    {name: 'index.html', bytes: Buffer.from(page)},
    {name: iconName, bytes: icon},
    {name: licenseName, bytes: license},
    ...files,
  ];
}

export const typeOf = (name) => types[path.extname(name)];

const encodings = {
  identity: (bytes) => bytes,
  gzip: (bytes) => zlib.gzipSync(bytes, {level: 9}),
  br: (bytes) => zlib.brotliCompressSync(bytes, {
    params: {[zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length},
  }),
};

// The format is in admin/console.h.
export function packOf(files) {
  const lines = [];
  const contents = [];
  for (const {name, bytes} of files) {
    for (const [encoding, encode] of Object.entries(encodings)) {
      const encoded = encode(bytes);
      const tag = digest(encoded).slice(0, 20);
      lines.push(`${name} ${encoding} ${encoded.length} ${tag} ${typeOf(name)}\n`);
      contents.push(encoded);
    }
  }
  return Buffer.concat([Buffer.from(lines.join('') + '\n'), ...contents]);
}
