// The database away, and Compute Engine away: pages say so, nothing is half done, and all heals by itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { example, planImport, seed } from '../seed.mjs';
import { assertSameDocument, freshness, main, markDocument, tableRows, title, words } from './face.mjs';

const scene = openScene();
let seeded;
let session;

async function mara(wishes = {}) {
  if (session) return scene.visitor({ ...wishes, state: session });
  const person = await scene.person('Mara');
  seeded = await seed(person.page);
  session = await person.context.storageState();
  return person;
}

const REQUEST = /Request [0-9a-f]{8}-[0-9a-f-]{27}/;

async function instanceNames(page) {
  const rows = await tableRows(main(page).getByRole('region', { name: /^\d+ instances?$/ }));
  return rows.map(([name]) => name);
}

test('without Compute Engine pools and fleet say since when; with it again they show the same fleet', async () => {
  const { page, tab } = await mara();
  await page.goto(seeded.pool);
  await hydrated(page);
  await main(page).getByText('Both agents run and are healthy.').waitFor({ timeout: 30_000 });
  const names = await instanceNames(page);
  const fleet = await tab();
  await fleet.goto('/');
  await hydrated(fleet);
  for (const open of [page, fleet]) {
    await freshness(open).getByText('Live', { exact: true }).waitFor();
    await markDocument(open);
  }

  await scene.stack.order('kill', 'emulator');
  const conditions = main(page).getByRole('region', { name: 'Conditions' });
  await until('the pool says that it cannot be reached', async () => assert.match(await words(conditions), /Not reachable .*since (now|\d+ s ago)/));
  await main(page).getByText('Not reachable', { exact: true }).first().waitFor();
  const notice = main(fleet).getByRole('alert').filter({ hasText: /^Compute Engine does not answer since \d\d:\d\d:\d\d UTC\./ });
  await notice.waitFor({ timeout: 30_000 });
  assert.deepEqual(await instanceNames(page), names, 'what was last read is kept');
  const standing = (words) => fleet.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: words });
  await standing(/^Control plane .*ComputeUnavailable$/).waitFor({ timeout: 30_000 });
  const since = async () => /since [\d:]+ UTC/.exec(await words(notice))[0];
  const first = await since();

  // Health names the cause by its code, and leads to what the code means.
  const health = await tab();
  await health.goto('/settings/health');
  const part = main(health).getByRole('row', { name: /^Compute Engine/ });
  assert.match(await words(part), /Not working ComputeUnavailable It does not answer for dev\. Is Compute Engine up/);
  const meaning = await part.getByRole('link', { name: 'ComputeUnavailable' }).getAttribute('href');
  assert.equal(meaning, '/docs/errors.md#:~:text=ComputeUnavailable');
  const explained = await health.evaluate(async (address) => (await fetch(address)).text(), meaning);
  assert.match(explained, /\| `ComputeUnavailable` \| Compute Engine does not answer/);

  // A plan needs Compute Engine: nothing is guessed, and nothing is stored.
  const planning = await mara({ scripts: false });
  planning.forgive(/status of 503/);
  await planImport(planning.page, (await example('basic.tf')).replace('max_replicas  = 5', 'max_replicas  = 6'));
  const refusal = main(planning.page).getByRole('alert');
  assert.match(await words(refusal), /Compute Engine/);
  assert.match(await words(refusal), REQUEST);
  assert.equal(await since(), first, 'the moment since when stays the same');

  await scene.stack.order('start', 'emulator');
  await notice.waitFor({ state: 'hidden', timeout: 60_000 });
  await until('the pool can be reached', async () => assert.match(await words(conditions), /conditions are well: .*Reachable/), { within: 60_000 });
  await main(page).getByText('Both agents run and are healthy.').waitFor({ timeout: 90_000 });
  assert.deepEqual(await instanceNames(page), names, 'the same VMs run');
  await health.goto('/settings/health');
  assert.match(await words(part), /Well Answers/);
  await main(fleet).getByText('Both agents are healthy.').waitFor();
  await standing(/^Control plane .*well$/).waitFor({ timeout: 30_000 });
  await assertSameDocument(page);
  await assertSameDocument(fleet);
});

test('without the database pages say so with a request id, nothing is half written, and all heals by itself', async () => {
  const { page, tab, forgive } = await mara();
  forgive(/status of 503/);
  await planImport(page, (await example('basic.tf')).replace('max_replicas  = 5', 'max_replicas  = 7'));
  const propose = main(page).getByRole('button', { name: 'Propose change' });
  await propose.waitFor();
  const watching = await tab();
  await watching.goto('/');
  await hydrated(watching);
  await freshness(watching).getByText('Live', { exact: true }).waitFor();
  await markDocument(watching);

  await scene.stack.order('stop', 'postgres');
  await propose.click();
  await title(page).getByText('The database does not answer').waitFor({ timeout: 40_000 });
  assert.match(await words(main(page)), REQUEST);

  await watching.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Pools' }).click();
  await title(watching).getByText('The pools could not be loaded').waitFor({ timeout: 40_000 });
  assert.match(await words(main(watching).getByRole('alert')), REQUEST);
  await assertAccessible(watching);

  // Who asks cannot be recognised now, so that Health itself says no more than this, and comes by itself.
  const health = await tab();
  await health.goto('/settings/health');
  await title(health).getByText('The database does not answer').waitFor({ timeout: 40_000 });
  assert.match(await words(main(health)), REQUEST);
  // It asks again by itself every few seconds. The rule is for those who lose their place in what they read; here are two
  // sentences, and they come back the same. When they come back under axe's eyes, it looks again.
  await until('the page without the app is accessible', () => assertAccessible(health, { except: ['meta-refresh'] }));

  await scene.stack.order('start', 'postgres');
  await title(health).getByText('Health', { exact: true }).waitFor({ timeout: 30_000 });
  assert.match(await words(main(health).getByRole('row', { name: /^Database/ })), /Well Answers/);
  // Here a form was sent, so that the page waits for a person.
  await main(page).getByRole('link', { name: 'Back to the page' }).click();
  await title(page).getByText('Import from Terraform', { exact: true }).waitFor({ timeout: 30_000 });
  await main(watching).getByRole('link', { name: /^backend-pool/ }).waitFor({ timeout: 60_000 });
  await assertSameDocument(watching);
  await watching.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Changes' }).click();
  await main(watching).getByRole('group', { name: 'Changes' }).waitFor();
  const changes = await tableRows(main(watching).getByRole('group', { name: 'Changes' }));
  assert.deepEqual(changes.map(([name]) => /^chg-\d+/.exec(name)[0]), ['chg-1'], 'the proposal left nothing');

  // Live again, and heartbeats are written down again.
  await watching.goto(seeded.instance);
  await hydrated(watching);
  await freshness(watching).getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
  const said = async () => Number(/number (\d+)/.exec(await words(main(watching).getByRole('region', { name: 'Agent, as it says of itself' })))?.[1]);
  const first = await said();
  await until('the agent is heard', async () => (await said()) > first, { within: 40_000 });

  // The refused proposal is made by trying again.
  await planImport(page, (await example('basic.tf')).replace('max_replicas  = 5', 'max_replicas  = 7'));
  await main(page).getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\/chg-\d+$/);
  await main(page).getByText('Applied', { exact: true }).first().waitFor({ timeout: 30_000 });
});
