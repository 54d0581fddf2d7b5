// Starting, watching and ending the programs that are measured.
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';

const ticksPerSecond = 100;  // USER_HZ of every Linux

// A port that was free a moment ago: not every program here takes port 0.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });
}

function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => resolve(false));
  });
}

const started = [];

// Ends everything that was started, whether or not it came up.
export async function stopAll() {
  while (started.length > 0) await started.pop().stop();
}

export function inPath(program) {
  return process.env.PATH.split(':').some((folder) => fs.existsSync(`${folder}/${program}`));
}

// A program and its children, as one thing to measure.
export class Program {
  constructor(name, command, args) {
    this.name = name;
    started.push(this);
    this.output = '';
    this.process = spawn(command, args, {stdio: ['ignore', 'pipe', 'pipe']});
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (text) => { this.output = (this.output + text).slice(-4000); });
    }
    this.exited = new Promise((resolve) => {
      this.process.on('error', (error) => { this.ended = true; this.output += error; resolve(); });
      this.process.on('exit', () => { this.ended = true; resolve(); });
    });
  }

  async listening(port) {
    for (let tries = 0; tries < 200; tries++) {
      if (this.ended) break;
      if (await connects(port)) return this;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${this.name} does not listen on ${port}:\n${this.output}`);
  }

  pids() {
    const {pid} = this.process;
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return [pid, ...children.split(' ').filter(Boolean).map(Number)];
  }

  // User and system time used so far, in microseconds.
  cpuMicroseconds() {
    let ticks = 0;
    for (const pid of this.pids()) {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    }
    return ticks * 1e6 / ticksPerSecond;
  }

  // Resident memory, in KiB. Pages that nginx's processes share count twice.
  residentKib() {
    let kib = 0;
    for (const pid of this.pids()) {
      kib += Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
    }
    return kib;
  }

  async stop() {
    if (!this.ended) this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await this.exited;
    clearTimeout(timer);
  }
}
