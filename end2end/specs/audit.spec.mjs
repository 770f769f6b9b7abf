// Audit: events filtered by the address, paged both ways, each with its own page, and links there and back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exported, recompute } from '../harness/audit-log.mjs';
import { assertAccessible } from '../harness/axe.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { main, story, title, words } from './face.mjs';

const scene = openScene({ returns: true });
openFleet(scene);

test('events are filtered by a form, and the address says how, without a script', async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  await page.goto('/audit');
  await main(page).getByText('Filter', { exact: true }).click();
  await page.getByLabel('Did what').selectOption('propose_change');
  await page.getByLabel('Who').fill('Mara');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/actor=Mara.*action=propose_change/);
  const told = await story(page);
  assert.equal(told.length, 1, told.join('\n'));
  assert.match(told[0], /Mara proposed chg-1/);

  await page.goto('/audit?object=genesis-pool-backend-pool');
  const ofPool = await story(page);
  assert.ok(ofPool.length >= 2 && ofPool.every((sentence) => /genesis-pool-backend-pool/.test(sentence)), ofPool.join('\n'));

  await page.goto('/audit?action=fly&from=soon');
  const said = await words(main(page));
  assert.match(said, /Unknown audit action `fly`/i);
  assert.match(said, /`soon` is no moment/);
});

test('nothing found, beyond the end and no such environment are three different things', async () => {
  const { page, forgive } = await scene.person('Mara');
  forgive(/status of 404/);
  await page.goto('/audit?actor=nobody');
  await main(page).getByText('No event is like that').waitFor();
  await page.goto('/audit?before=1');
  await main(page).getByText('There is no older event').waitFor();
  assert.doesNotMatch(await words(main(page)), /Nothing has happened yet/);
  await main(page).getByRole('link', { name: 'Newest events' }).waitFor();
  const answer = await page.goto('/audit?environment=nowhere');
  assert.equal(answer.status(), 404);
  assert.match(await words(main(page)), /environment nowhere does not exist/i);
});

test('an event leads to its change and its pool, and both lead back', async () => {
  const { page } = await scene.person('Mara');
  await page.goto('/audit?object=genesis-pool-backend-pool&action=finish_operation');
  const events = main(page).getByRole('region', { name: 'Events' });
  await events.getByRole('link', { name: /^event \d+/ }).first().click();
  await page.waitForURL(/\/audit\/\d+$/);
  assert.match(await title(page).innerText(), /^Event \d+$/);
  assert.match(await words(main(page)), /Hash of this event.*Hash of the event before it/);
  await main(page).getByText('Request', { exact: true }).waitFor();
  const pool = main(page).getByRole('link', { name: 'backend-pool', exact: true });
  assert.equal(await pool.getAttribute('href'), '/pools/dev/backend-pool');
  await main(page).getByRole('link', { name: 'chg-1', exact: true }).click();
  await page.waitForURL(/\/changes\/chg-1$/);
  await main(page).getByText(/events in the audit log$/).click();
  await main(page).getByRole('link', { name: 'All its events' }).click();
  await page.waitForURL(/\/audit\?.*change=chg-1/);
  await main(page).getByRole('link', { name: 'backend-pool', exact: true }).first().click();
  await page.waitForURL(/\/pools\/dev\/backend-pool$/);
  await main(page).getByRole('link', { name: 'All events', exact: true }).click();
  await page.waitForURL(/\/pools\/dev\/backend-pool\/timeline$/);
});

test('the log is verified by a button, and the page comes back with what was found, without a script', async () => {
  const { page } = await scene.person('Vera', { scripts: false });
  await page.goto('/audit?action=propose_change');
  await main(page).getByText(/^The control plane follows the log by itself|^The control plane has not verified/).waitFor();
  await main(page).getByRole('button', { name: 'Verify' }).click();
  const found = main(page).getByRole('status', { name: 'Verification' });
  assert.match(await words(found), /^\d+ events verified, head [0-9a-f]{12}…, in \d+\.\d s\. \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC$/);
  assert.equal(new URL(page.url()).search, '?action=propose_change', 'the filter stays');
  assert.equal((await story(page)).length, 1);
});

test('the export proves itself to a program that is not ours', async () => {
  const { page } = await scene.person('Vera');
  const whole = await exported(page, '/audit');
  assert.match(whole.name, /^audit-all-\d{8}T\d{6}Z\.jsonl$/);
  const numbers = recompute(whole.text);
  assert.deepEqual(numbers, numbers.map((_, index) => index + 1), 'from the first event on, without a gap');
  const filtered = await exported(page, '/audit?environment=dev&action=propose_change');
  assert.match(filtered.name, /^audit-dev-/);
  assert.equal(recompute(filtered.text).length, 1);
  assert.throws(() => recompute(whole.text.replace('propose_change', 'approve_change')));

  await main(page).getByRole('button', { name: 'Verify' }).click();
  await main(page).getByRole('status', { name: 'Verification' }).waitFor();
  await assertAccessible(page);
});
