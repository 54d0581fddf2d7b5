// A small disk that can be filled: a tmpfs, so only root can have one.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

export const needsRoot = process.getuid() === 0 ? false : 'mounting a small disk needs root';

export class SmallDisk {
  constructor(folder, {size = '64m'} = {}) {
    this.folder = folder;
    fs.mkdirSync(folder, {recursive: true});
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder]);
  }
  // Until not a byte is left.
  fill() {
    const file = fs.openSync(path.join(this.folder, 'filler'), 'w');
    try {
      for (let size = 65536; size > 0;) {
        try {
          fs.writeSync(file, Buffer.alloc(size));
        } catch (error) {
          if (error.code !== 'ENOSPC') throw error;
          size = size > 1 ? size >> 1 : 0;
        }
      }
    } finally {
      fs.closeSync(file);
    }
  }
  free() {
    fs.rmSync(path.join(this.folder, 'filler'));
  }
  unmount() {
    execFileSync('umount', [this.folder]);
  }
}

const failing = async (budget) =>
  /^budget_journal_failing (\d)/m.exec((await budget.fetch('/metrics')).body.toString())[1] === '1';

// Fills the disk and calls until the journal's last page is full too.
export async function fillUnder(budget, disk, call) {
  disk.fill();
  for (let calls = 0; !(await failing(budget)); calls += 16) {
    if (calls > 20_000) throw new Error('the journal still has room');
    await Promise.all(Array.from({length: 16}, call));
  }
}

// Frees it and waits until the journal is written again.
export async function freeUnder(budget, disk) {
  disk.free();
  for (const until = Date.now() + 10_000; await failing(budget); await sleep(20)) {
    if (Date.now() > until) throw new Error('the journal is not written again');
  }
}
