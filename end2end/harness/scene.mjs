// What most test files need: one stack, one browser, and people who come and go with each test.

import { after, afterEach, before } from 'node:test';
import { launchBrowser, openPerson } from './browser.mjs';
import { signIn } from './sign-in.mjs';
import { startStack } from './stack.mjs';

/** What hangs fails, with its name, long before the whole run is given up. */
const HOOK = { timeout: 150_000 };

/** Of a test that failed, what each person had before them: it is gone with them. */
async function tellWhere({ context }) {
  for (const page of context.pages()) {
    const words = await page.locator('body').innerText({ timeout: 1_000 }).catch((error) => error.message);
    console.log(`  ${page.url()} shows: ${words.replaceAll(/\s+/g, ' ').slice(0, 1_500)}`);
  }
}

/**
 * Call once at the top of a test file. A stack and a browser start before its first test and stop after its last.
 * After each test its people leave, and the test fails when a console was not quiet. With `returns` nobody signs in twice:
 * from the second time on they come with the session that they have, on an empty tab. `begin` starts another stack than the
 * usual one. The other options are the stack's.
 */
export function openScene({ returns = false, begin = startStack, ...options } = {}) {
  const scene = {
    /** The stack, inside tests. */
    stack: undefined,
    /** A person whom nobody knows yet; options as in `openPerson`. With `stays` they do not leave after the test. */
    async visitor({ stays = false, ...wishes } = {}) {
      await started;
      const person = await openPerson(browser, { url: scene.stack.url, ...wishes });
      (stays ? residents : people).push(person);
      return person;
    },
    /** A persona, signed in: `await scene.person('Mara')`. With `anew` a session of its own, whatever there is. */
    async person(name, { anew = !returns, ...wishes } = {}) {
      const known = sessions.get(name);
      if (known && !anew) return scene.visitor({ ...wishes, state: known });
      const person = await scene.visitor(wishes);
      await signIn(person.page, name);
      if (!anew) sessions.set(name, await person.context.storageState());
      return person;
    },
  };
  let browser;
  let people = [];
  const residents = [];
  const sessions = new Map();
  const start = async () => {
    // Both are waited for, so that the one that came can be ended when the other did not.
    const outcomes = await Promise.allSettled([begin(options), launchBrowser()]);
    [scene.stack, browser] = outcomes.map(({ value }) => value);
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  };
  // At once, and not by the hook: a file's own hooks run beside this one, and what they open waits for it.
  const started = start();
  started.catch(() => {});
  before(() => started, HOOK);
  afterEach(async (test) => {
    const leaving = people;
    people = [];
    if (test.error) for (const person of [...leaving, ...residents]) await tellWhere(person);
    await Promise.all(leaving.map(({ context }) => context.close()));
    // Each is asked, so that nobody's noise is left for the next test.
    const complaints = [...leaving, ...residents].flatMap((person) => {
      try {
        return person.assertQuiet() ?? [];
      } catch (error) {
        return [error];
      }
    });
    if (complaints.length > 0) throw complaints[0];
  }, HOOK);
  after(async () => {
    await browser?.close();
    await scene.stack?.stop();
  }, HOOK);
  return scene;
}
