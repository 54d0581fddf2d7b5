// Builds the console and packs it: node build.mjs FILE
import fs from 'node:fs';
import zlib from 'node:zlib';
import * as esbuild from 'esbuild';
import {elementOptions, filesOf, options, packOf} from './pack.mjs';

const target = process.argv[2];
if (!target) {
  console.error('usage: node build.mjs FILE');
  process.exit(2);
}
const files = filesOf(await esbuild.build(options), await esbuild.build(elementOptions));
fs.writeFileSync(target, packOf(files));
for (const {name, bytes} of files) {
  console.log(`${name}: ${bytes.length} bytes, ${zlib.brotliCompressSync(bytes).length} compressed`);
}
