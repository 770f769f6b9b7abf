// What most test files need: one stack, one browser, and people who come and go with each test.

import { after, afterEach, before } from 'node:test';
import { launchBrowser, openPerson } from './browser.mjs';
import { signIn } from './sign-in.mjs';
import { startStack } from './stack.mjs';

/** What hangs fails, with its name, long before the whole run is given up. */
const HOOK = { timeout: 150_000 };

/**
 * Call once at the top of a test file. A stack and a browser start before its first test and stop after its last.
 * After each test its people leave, and the test fails when a console was not quiet.
 */
export function openScene(options = {}) {
  const scene = {
    /** The stack, inside tests. */
    stack: undefined,
    /** A person whom nobody knows yet; options as in `openPerson`. */
    async visitor(wishes = {}) {
      await started;
      const person = await openPerson(browser, { url: scene.stack.url, ...wishes });
      people.push(person);
      return person;
    },
    /** A persona, signed in: `await scene.person('Mara')`. */
    async person(name, wishes = {}) {
      const person = await scene.visitor(wishes);
      await signIn(person.page, name);
      return person;
    },
  };
  let browser;
  let people = [];
  const start = async () => {
    // Both are waited for, so that the one that came can be ended when the other did not.
    const outcomes = await Promise.allSettled([startStack(options), launchBrowser()]);
    [scene.stack, browser] = outcomes.map(({ value }) => value);
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  };
  // At once, and not by the hook: a file's own hooks run beside this one, and what they open waits for it.
  const started = start();
  started.catch(() => {});
  before(() => started, HOOK);
  afterEach(async () => {
    const leaving = people;
    people = [];
    await Promise.all(leaving.map(({ context }) => context.close()));
    leaving.forEach((person) => person.assertQuiet());
  }, HOOK);
  after(async () => {
    await browser?.close();
    await scene.stack?.stop();
  }, HOOK);
  return scene;
}
