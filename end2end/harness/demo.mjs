// `cargo xtask demo` as a person has it: a data directory that is kept from start to start, and the ways in which it ends.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { family, killAll, left } from './processes.mjs';
import { until } from './until.mjs';

/** A start is a few seconds; this is for a machine that builds at the same time. */
const PATIENCE = 100_000;

const root = fileURLToPath(new URL('../..', import.meta.url));

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Below those that the system gives by itself: while the demo is down, nobody who asks for any port is given this one. */
async function keptPort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
}

/** Starts a demo; resolves when it says that it is ready. When it cannot, nothing of it is left. */
export async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), 'agent-manager-demo-'));
  // As root, Postgres runs below it as an unprivileged user.
  await chmod(folder, 0o755);
  const demo = new Demo(folder, await keptPort());
  process.on('exit', () => demo.remove());
  await demo.start().catch((error) => {
    demo.remove();
    throw error;
  });
  return demo;
}

class Demo {
  #folder;
  #port;
  #child;
  #ended;
  #known = [];

  /** What this start has told, on both its outputs. */
  said = '';

  constructor(folder, port) {
    this.#folder = folder;
    this.#port = port;
    this.url = `http://localhost:${port}`;
  }

  /** Asked anew after each start: it may have had to move. */
  get emulator() {
    const [, port] = /^emulator=(\d+)$/m.exec(readFileSync(join(this.#folder, 'ports'), 'utf8'));
    return `http://127.0.0.1:${port}`;
  }

  /** The parts that have a pid file. An orderly end removes them, and a crash does not. */
  get recorded() {
    return readdirSync(join(this.#folder, 'run')).sort();
  }

  /** Starts it and waits until it says that it is ready. */
  start() {
    this.begin();
    return this.tells(/^Ready after /m);
  }

  /** Starts it and waits for nothing. */
  begin() {
    const xtask = process.env.XTASK;
    const [program, words] = xtask ? [xtask, []] : ['cargo', ['xtask']];
    const wishes = ['demo', '--no-build', '--port', `${this.#port}`, '--data-dir', this.#folder];
    this.said = '';
    const child = spawn(program, [...words, ...wishes], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const out of [child.stdout, child.stderr]) out.setEncoding('utf8').on('data', (text) => (this.said += text));
    this.#child = child;
    this.#ended = undefined;
    child.on('error', (error) => (this.#ended = error.message));
    // Once its outputs have closed too: all that it had to say is there.
    child.on('close', (code, signal) => (this.#ended = code ?? signal));
  }

  /** Waits until it has told that. */
  async tells(words) {
    await until(
      `the demo tells ${words}`,
      () => {
        this.#look();
        return words.test(this.said) || this.#ended !== undefined;
      },
      { within: PATIENCE, every: 50 },
    ).catch((error) => {
      throw new Error(`${error.message}\n${this.said}`);
    });
    if (!words.test(this.said)) throw new Error(`the demo ended (${this.#ended}):\n${this.said}`);
  }

  /** As Ctrl-C of its terminal; gives its exit code. What it started is in groups of their own, so that it is told alone. */
  interrupt() {
    return this.#end(() => this.#child.kill('SIGINT'));
  }

  /** SIGKILL to the program that the person started, and to nobody else. */
  abandon() {
    return this.#end(() => this.#child.kill('SIGKILL'));
  }

  /** SIGKILL to it and to all that it started. */
  async killEverything() {
    await this.#end(() => killAll(this.#known));
    await until('everything is dead', () => this.left().length === 0, { every: 20 });
  }

  /** The processes of all its starts that run still. */
  left() {
    return left(this.#known);
  }

  /** Ends it, and sees to it that nothing of it is left. */
  async stop() {
    this.remove();
    await until('everything is dead', () => this.left().length === 0, { every: 20 });
  }

  /** Ends it without a word and removes its folder, whatever state it is in. At once: it is called when the test's own process ends. */
  remove() {
    this.#look();
    killAll(this.#known);
    for (const folder of [this.#postgres(), this.#folder]) {
      if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
  }

  async #end(ask) {
    this.#look();
    ask();
    await until('the demo ends', () => this.#ended !== undefined, { within: 60_000, every: 20 });
    return this.#ended;
  }

  /** Remembers who descends from it now: once it has died, its children are anybody's. */
  #look() {
    this.#known = left(this.#known);
    const { pid } = this.#child ?? {};
    if (pid === undefined || this.#ended !== undefined) return;
    const strangers = family(pid).filter((one) => !this.#known.some((known) => known.pid === one.pid));
    this.#known.push(...strangers);
  }

  /** Where the socket is, and beside it the data when Postgres could not have them in the data directory. */
  #postgres() {
    try {
      const [, socket] = /\?host=([^"&]+)"/.exec(readFileSync(join(this.#folder, 'server.toml'), 'utf8'));
      const folder = dirname(decodeURIComponent(socket));
      return folder.includes('/agent-manager-') ? folder : undefined;
    } catch {
      // It never came so far.
      return undefined;
    }
  }
}
