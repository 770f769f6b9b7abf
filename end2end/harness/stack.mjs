// A whole throwaway Agent Manager for one test file, through `cargo xtask stack`.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A start is a few seconds; this is for a machine that builds at the same time. */
const PATIENCE = 120_000;

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Starts a stack; resolves when its server is ready. The result has the addresses (`url`, `emulator`, `issuer`,
 * `database`, `folder`), the client of its database (`psql`), `order('kill', 'server')` to break and mend it, and `stop()`.
 * A part is `server`, `emulator`, `issuer` or `postgres`; a verb is `start`, `stop` or `kill`.
 */
export async function startStack({ clock = '20x' } = {}) {
  const xtask = process.env.XTASK;
  const [program, words] = xtask ? [xtask, []] : ['cargo', ['xtask']];
  const child = spawn(program, [...words, 'stack', '--clock', clock], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  // Orders to a stack that has ended answer with its last words, below.
  child.stdin.on('error', () => {});
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    let alarm;
    const late = new Promise((_, reject) => {
      alarm = setTimeout(() => reject(new Error(`the stack says nothing for ${PATIENCE / 1000} s:\n${said}`)), PATIENCE);
    });
    const { value, done } = await Promise.race([answers.next(), late]).finally(() => clearTimeout(alarm));
    if (done) throw new Error(`the stack ended (code ${await ended}):\n${said}`);
    return JSON.parse(value);
  };

  // Orders are answered in turn: two at once would read each other's answers.
  let last = answer().catch((error) => {
    child.kill();
    throw error;
  });
  const description = await last;
  return {
    ...description,
    order(verb, part) {
      last = last
        .catch(() => {})
        .then(async () => {
          child.stdin.write(`${verb} ${part}\n`);
          const { error } = await answer();
          if (error) throw new Error(error);
        });
      return last;
    },
    async stop() {
      child.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`the stack did not end well (code ${code}):\n${said}`);
    },
  };
}
