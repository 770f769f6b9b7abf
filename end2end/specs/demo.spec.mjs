// The demo on one data directory through all its ends: killed whole, interrupted, interrupted while it starts, and killed alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exported, recompute } from '../harness/audit-log.mjs';
import { startDemo } from '../harness/demo.mjs';
import { listed, managed } from '../harness/emulator.mjs';
import { BACKEND, openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { main, phase, story, tableRows, words } from './face.mjs';

const scene = openScene({ returns: true, begin: startDemo });
let seeded;

// The pool keeps its two VMs, so that whatever differs later was done by the restart.
openFleet(scene, {
  rests: true,
  settle: async (page, made) => {
    seeded = made;
    await healthy(page);
    await until('the change is applied', async () => {
      await page.goto(seeded.change);
      await main(page).getByText('Applied', { exact: true }).first().waitFor({ timeout: 1_000 });
    });
  },
});

const PARTS = ['emulator.pid', 'issuer.pid', 'postgres.pid', 'server.pid'];

/** What a start says that found a part of an earlier one. */
const LEFT_BEHIND = /that an earlier run left behind/;

async function healthy(page) {
  await until('both agents are healthy', async () => {
    await page.goto('/');
    await main(page).getByText('Both agents are healthy.').waitFor({ timeout: 1_000 });
  }, { within: 90_000 });
}

/** What is the same fleet, as the pages tell it and as Compute Engine has it. */
async function fleet(page) {
  await page.goto('/pools');
  const pool = await main(page).getByRole('link', { name: /^backend-pool/ }).getAttribute('href');
  await page.goto(`${seeded.pool}/instances`);
  const agents = await main(page).getByRole('link', { name: /^agent-/ }).allInnerTexts();
  await page.goto('/templates');
  const templates = (await tableRows(main(page).getByRole('group', { name: 'Templates' }))).map(([name]) => name);
  // A VM that was made anew keeps its name and gets another id.
  const vms = (await managed(scene.stack, BACKEND)).map(({ name, id }) => `${name} ${id}`);
  const operations = (await Promise.all(['global/operations', 'regions/us-central1/operations'].map((path) => listed(scene.stack, BACKEND.project, path)))).flat();
  const made = operations.filter(({ operationType }) => /insert/i.test(operationType)).map(({ name }) => name);
  return { pool, agents: agents.sort(), templates: templates.sort(), vms: vms.sort(), made: made.sort() };
}

/** The number of the heartbeat that the agent's page shows. */
async function heartbeat(page) {
  await page.goto(seeded.instance);
  return Number(/number (\d+)/.exec(await words(main(page).getByRole('region', { name: 'Agent, as it says of itself' })))?.[1]);
}

async function assertSilent() {
  assert.deepEqual(scene.stack.left(), [], 'a process is left');
  await assert.rejects(fetch(`${scene.stack.url}/livez`), 'something answers on its port');
}

test('after kill -9 of everything the next start shows the same fleet', { timeout: 180_000 }, async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  const vera = await scene.person('Vera', { anew: true, scripts: false });
  const before = await fleet(page);
  assert.match(before.pool, /^\/pools\/dev\/backend-pool/);
  assert.equal(before.agents.length, 2);
  assert.equal(before.vms.length, 2);
  assert.ok(before.templates.length >= 2 && before.made.length > 2, JSON.stringify(before));
  const log = (await exported(vera.page, '/audit')).text;
  // Pages that wait for nothing: the browser is no part of what is killed.
  for (const person of [page, vera.page]) await person.goto('about:blank');

  assert.deepEqual(scene.stack.recorded, PARTS);
  await scene.stack.killEverything();
  await assertSilent();
  assert.deepEqual(scene.stack.recorded, PARTS, 'nobody had the time to end in order');

  await scene.stack.start();
  assert.doesNotMatch(scene.stack.said, LEFT_BEHIND);
  // Mara's session was kept: nobody signs in again.
  await healthy(page);
  assert.deepEqual(await fleet(page), before);
  const spoken = await until('the agent has spoken', async () => (await heartbeat(page)) || false);
  // It may count anew, since it booted with its VM.
  const another = async () => {
    const number = await heartbeat(page);
    return number > 0 && number !== spoken;
  };
  await until('another heartbeat arrives', another, { within: 40_000, every: 500 });
  await healthy(page);
  assert.deepEqual(await fleet(page), before, 'and nothing was made a second time');

  await page.goto(seeded.change);
  await main(page).getByText('Applied', { exact: true }).first().waitFor();
  assert.match(await words(phase(page, 'Apply')), /7 of 7 calls done/);
  await page.goto('/audit?environment=dev');
  const told = await story(page);
  for (const what of ['proposed chg-1', 'started to apply chg-1', 'created instance group genesis-pool-backend-pool', 'finished chg-1']) {
    assert.equal(told.filter((sentence) => sentence.includes(what)).length, 1, `"${what}" is told once in:\n  ${told.join('\n  ')}`);
  }

  // A new way in, through the issuer, and the log that goes on where it was.
  const auditor = await scene.person('Vera', { anew: true, scripts: false });
  const whole = (await exported(auditor.page, '/audit')).text;
  assert.ok(whole.startsWith(log), 'what had happened is told as it was');
  const numbers = recompute(whole);
  assert.deepEqual(numbers, numbers.map((_, index) => index + 1), 'from the first event on, without a gap');
  await auditor.page.goto('/audit');
  await main(auditor.page).getByRole('button', { name: 'Verify' }).click();
  assert.match(await words(main(auditor.page).getByRole('status', { name: 'Verification' })), /^\d+ events verified, head [0-9a-f]{12}…/);
});

test('an interrupt leaves no process behind, whenever it comes, and the next start shows the same fleet', { timeout: 180_000 }, async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  const before = await fleet(page);
  await page.goto('about:blank');

  assert.ok(scene.stack.left().length > PARTS.length, 'it and its parts run');
  assert.equal(await scene.stack.interrupt(), 0);
  await assertSilent();
  assert.deepEqual(scene.stack.recorded, []);

  // While it starts: the first of its parts is there, and the others take long enough for the interrupt to come before they all are.
  // Where the test itself was held up meanwhile, they are all the same, and it is begun again.
  const ready = /^Ready after /m;
  let answer;
  for (let attempt = 1; attempt === 1 || (attempt <= 3 && ready.test(scene.stack.said)); attempt += 1) {
    scene.stack.begin();
    await scene.stack.tells(/^ +Postgres +\S/m);
    assert.ok(scene.stack.left().length > 2, 'it, Postgres and what Postgres started run');
    answer = await scene.stack.interrupt();
    await assertSilent();
    assert.deepEqual(scene.stack.recorded, []);
  }
  assert.doesNotMatch(scene.stack.said, ready, 'it was interrupted while it started');
  assert.equal(answer, 130, 'as a shell expects of an interrupted command');

  await scene.stack.start();
  assert.doesNotMatch(scene.stack.said, LEFT_BEHIND);
  assert.deepEqual(await fleet(page), before);
});

test('what a demo that was killed alone has left running is ended by the next, with the same fleet', { timeout: 180_000 }, async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  const before = await fleet(page);
  await page.goto('about:blank');

  await scene.stack.abandon();
  const orphans = scene.stack.left();
  assert.ok(orphans.length >= PARTS.length, 'its parts run on');
  await scene.stack.start();
  for (const part of ['server', 'issuer', 'emulator']) {
    assert.ok(scene.stack.said.includes(`ended the ${part} that an earlier run left behind`), scene.stack.said);
  }
  const now = scene.stack.left();
  assert.deepEqual(orphans.filter(({ pid, began }) => now.some((one) => one.pid === pid && one.began === began)), []);
  assert.deepEqual(await fleet(page), before);
});
