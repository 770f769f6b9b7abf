// Audit: events filtered by the address, paged both ways, each with its own page, and links there and back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  await events.getByText('Before and after').first().click();
  assert.match(await words(events.getByRole('listitem').first()), /Hash [0-9a-f]{64}/);
  await events.getByRole('link', { name: /^event \d+/ }).first().click();
  await page.waitForURL(/\/audit\/\d+$/);
  assert.match(await title(page).innerText(), /^Event \d+$/);
  assert.match(await words(main(page)), /Hash of the event before it/);
  await main(page).getByRole('link', { name: 'chg-1', exact: true }).click();
  await page.waitForURL(/\/changes\/chg-1$/);
  await main(page).getByText(/events in the audit log$/).click();
  await main(page).getByRole('link', { name: 'All its events' }).click();
  await page.waitForURL(/\/audit\?.*change=chg-1/);
  await main(page).getByRole('link', { name: 'backend-pool', exact: true }).first().click();
  await page.waitForURL(/\/pools\/dev\/backend-pool$/);
  await main(page).getByRole('link', { name: 'All its events' }).click();
  await page.waitForURL(/\/audit\?.*object=genesis-pool-backend-pool/);
});
