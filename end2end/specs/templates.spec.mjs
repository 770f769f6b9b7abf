// Templates: created, edited, compared, refused, rolled to and retired, each by a change; and the side panel that they are made in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { describedBy, main, tableRows, title, words } from './face.mjs';
import { applied, proposeReviewed, review } from './proposals.mjs';

const scene = openScene({ returns: true });
openFleet(scene);

/** Presses the buttons of a form that was filled in, and waits until its change is applied. Gives the change's path. */
async function propose(page, reason) {
  await review(page);
  return carryOut(page, reason);
}

async function carryOut(page, reason) {
  const change = await proposeReviewed(page, reason);
  await applied(page, change);
  return change;
}

function versions(page) {
  return tableRows(main(page).getByRole('group', { name: 'Versions' }));
}

test('a template is created, edited, compared and retired, each by a change', async () => {
  const { page } = await scene.person('Mara');
  await page.goto('/templates');
  await hydrated(page);
  await main(page).getByRole('link', { name: 'New template' }).click();
  await page.waitForURL(/\/templates\/new/);
  assert.equal(await title(page).innerText(), 'New template');
  await main(page).getByRole('link', { name: /^platform-engineer/ }).click();
  assert.equal(await page.getByLabel('Machine type').inputValue(), 'e2-standard-4', 'the type begins the form');
  assert.equal(await page.getByLabel('Workspace size').inputValue(), '100');
  await page.getByLabel('Name', { exact: true }).fill('batch');
  const created = await propose(page, 'Nightly work');

  await page.goto('/templates/dev/batch');
  const first = await versions(page);
  assert.equal(first.length, 1);
  assert.match(first[0][0], /^v1 Declared$/);
  assert.match(first[0].join(' | '), new RegExp(created.split('/').at(-1)));
  assert.match(await words(main(page).locator('.lead')), /No pool uses it yet/);

  await main(page).getByRole('link', { name: 'Edit', exact: true }).click();
  await page.waitForURL('**/templates/dev/batch/edit');
  await page.getByLabel('Boot disk').fill('64');
  await review(page);
  const differs = main(page).getByRole('region', { name: 'What differs' });
  assert.match(await words(differs), /disk_size_gb none 64/);
  await carryOut(page, 'More room');

  await page.goto('/templates/dev/batch');
  assert.deepEqual((await versions(page)).map(([version]) => version), ['v2 Declared', 'v1']);
  const difference = main(page).getByRole('region', { name: 'v1 against v2' });
  assert.deepEqual(await tableRows(difference), [['disk_size_gb', '20', '64']]);
  await difference.getByLabel('From').selectOption('v2');
  await difference.getByLabel('To').selectOption('v1');
  await difference.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(/from=2&to=1/);
  assert.deepEqual(await tableRows(main(page).getByRole('region', { name: 'v2 against v1' })), [['disk_size_gb', '64', '20']]);

  await main(page).getByRole('link', { name: 'Retire' }).click();
  await page.waitForURL('**/templates/dev/batch/retire');
  await carryOut(page, 'Not needed after all');
  await page.goto('/templates/dev/batch');
  await main(page).getByText('It has left the declaration.').waitFor();
  assert.match(await words(main(page).getByRole('button', { name: 'Edit' })), /Edit/, 'what is retired cannot be edited');
});

test('what is refused stands beside its field, with what was typed', async () => {
  const { page, forgive } = await scene.person('Mara');
  forgive(/status of 422/);
  await page.goto('/templates/new?agent_type=backend-developer');
  await hydrated(page);
  await page.getByLabel('Name', { exact: true }).fill('backend-dev');
  await page.getByLabel('Boot disk').fill('many');
  await page.getByLabel('Labels', { exact: true }).fill('team');
  await review(page);
  assert.match(await words(main(page).getByRole('alert')), /2 fields are refused: disk_size_gb labels/);
  assert.equal(await page.getByLabel('Boot disk').inputValue(), 'many', 'what was typed stays');
  assert.match(await describedBy(page, 'Boot disk'), /`many` is no whole number/);
  assert.match(await describedBy(page, 'Labels'), /line 1 has no `=`/i);

  await page.getByLabel('Boot disk').fill('40');
  await page.getByLabel('Labels', { exact: true }).fill('team = a');
  await review(page);
  assert.match(await describedBy(page, 'Name'), /backend-dev is declared already/);

  await page.getByLabel('Name', { exact: true }).fill('other');
  await page.getByLabel('Confidential VM').check();
  await review(page);
  assert.match(await describedBy(page, 'Confidential VM'), /e2-standard-2 has no confidential VMs/);
  const button = page.getByRole('button', { name: 'Propose change' });
  assert.equal(await button.getAttribute('aria-disabled'), 'true');
  assert.match(await words(main(page).locator('#propose-change-reason')), /1 rule is broken/);
});

test('the rules speak while somebody types, and help says what the machine has', async () => {
  const { page } = await scene.person('Mara');
  await page.goto('/templates/new?agent_type=backend-developer');
  await hydrated(page);
  const machine = page.getByLabel('Machine type');
  const help = page.locator('#machine_type-hint');
  assert.equal(await words(help), '2–4 vCPU, 8–16 GB for this type; this one has 2 vCPU, 8 GB.');
  await machine.fill('e2-standard-8');
  assert.equal(await words(help), '2–4 vCPU, 8–16 GB for this type; this one has 8 vCPU, 32 GB.');
  await machine.fill('e2-standard-3');
  assert.equal(await machine.getAttribute('aria-invalid'), null, 'nobody is interrupted');
  await page.getByLabel('Image').focus();
  await until('the machine type is refused', async () => assert.equal(await machine.getAttribute('aria-invalid'), 'true'));
  assert.match(await words(help), /e2 has no `e2-standard-3`/);
  await machine.fill('e2-standard-4');
  await until('it is mended as soon as it is right', async () => assert.equal(await machine.getAttribute('aria-invalid'), null));
});

test('the panel is a route: focus moves in, Escape closes it and focus returns', async () => {
  const { page } = await scene.person('Mara');
  await page.goto('/templates');
  await hydrated(page);
  const opener = main(page).getByRole('link', { name: 'New template' });
  const focused = () => page.evaluate(() => document.activeElement?.textContent.trim());
  await opener.click();
  await until('the focus is on the panel', async () => assert.equal(await focused(), 'New template'));
  await assertAccessible(page);
  await page.keyboard.press('Escape');
  await page.waitForURL(/\/templates$/);
  await until('the focus is where it was', async () =>
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('href')), '/templates/new'),
  );
  await opener.click();
  await page.waitForURL(/\/templates\/new/);
  await page.goBack();
  await page.waitForURL(/\/templates$/);
  assert.equal(await title(page).innerText(), 'Templates');

  // What was typed is not thrown away by one key.
  await page.goto('/templates/new?agent_type=sre-agent');
  await hydrated(page);
  await page.getByLabel('Name', { exact: true }).fill('watch');
  await page.keyboard.press('Escape');
  assert.match(page.url(), /\/templates\/new/);
  await page.getByRole('link', { name: 'Discard and close' }).click();
  await page.waitForURL(/\/templates$/);
});

test('a template that a pool uses says why it cannot be retired, and a viewer why nothing can', async () => {
  const mara = await scene.person('Mara');
  await mara.page.goto('/templates/dev/backend-dev');
  const retire = main(mara.page).getByRole('button', { name: 'Retire' });
  assert.equal(await retire.getAttribute('aria-disabled'), 'true');
  assert.match(await words(main(mara.page).locator('#retire-reason')), /backend-pool uses it/);
  mara.forgive(/status of 422/);
  await mara.page.goto('/templates/dev/backend-dev/retire');
  assert.match(await words(main(mara.page).getByRole('alert')), /backend-dev is used by backend-pool/);

  const vera = await scene.person('Vera');
  await vera.page.goto('/templates/dev/platform-eng');
  assert.match(await words(main(vera.page).locator('#edit-reason')), /takes the role operator or admin/);
  await vera.page.goto('/templates');
  const opener = main(vera.page).getByRole('button', { name: 'New template' });
  assert.equal(await opener.getAttribute('aria-disabled'), 'true');
  assert.match(await words(main(vera.page).locator('#new-template-reason')), /takes the role operator or admin/);
});

test('a template is created and edited without scripts', async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  await page.goto('/templates');
  await main(page).getByRole('link', { name: 'New template' }).click();
  await main(page).getByRole('link', { name: /^sre-agent/ }).click();
  await page.getByLabel('Name', { exact: true }).fill('Watch_Tower');
  await review(page);
  assert.match(await describedBy(page, 'Name'), /is no name: .*Write watch-tower\./);
  await page.getByLabel('Name', { exact: true }).fill('watch-tower');
  await propose(page, 'Without scripts');
  await page.goto('/templates/dev/watch-tower/edit');
  await page.getByLabel('Labels', { exact: true }).fill('team = night');
  await propose(page, 'Without scripts too');
  await page.goto('/templates/dev/watch-tower');
  assert.deepEqual((await versions(page)).map(([version]) => version), ['v2 Declared', 'v1']);
  await page.goto('/templates');
  const rows = await tableRows(main(page).getByRole('group', { name: 'Templates' }));
  const [backend] = rows.filter(([name]) => name.startsWith('backend-dev'));
  assert.match(backend.join(' | '), /backend-dev dev \| Current \| backend-developer \| 1 \| 2 on v1 \| backend-pool/);
});

test('an edit that somebody overtook is refused, and what is newer is shown', async () => {
  const { page, tab, forgive } = await scene.person('Mara');
  forgive(/status of 412/);
  const fill = async (one, size) => {
    await one.goto('/templates/dev/platform-eng/edit');
    await hydrated(one);
    await one.getByLabel('Boot disk').fill(size);
    await review(one);
  };
  const slower = await tab();
  await fill(slower, '31');
  await fill(page, '30');
  await carryOut(page, 'First');
  const answer = slower.waitForResponse(
    // The form's own: pages ask by POST too.
    (response) => response.request().method() === 'POST' && new URL(response.url()).pathname.endsWith('/platform-eng/edit'),
  );
  await slower.getByRole('button', { name: 'Propose change' }).click();
  assert.equal((await answer).status(), 412);
  assert.match(await words(main(slower).getByRole('alert')), /generation/);
  assert.match(await words(main(slower).getByRole('region', { name: 'The newer version' })), /disk_size_gb 30 31/);
  assert.equal(await slower.getByLabel('Boot disk').inputValue(), '31', 'what was typed stays');
});

test('a pool is rolled to a version from its template’s page', async () => {
  const { page } = await scene.person('Mara');
  const rolls = () => main(page).getByRole('group', { name: 'Versions' }).getByRole('link', { name: /^Roll / });
  const open = async () => {
    await page.goto('/templates/dev/backend-dev');
    await hydrated(page);
  };
  await page.goto('/templates/dev/backend-dev/edit');
  await hydrated(page);
  await page.getByLabel('Pools that use it').selectOption('Stay on the version that they run');
  await page.getByLabel('Boot disk').fill('40');
  await review(page);
  await main(page).getByText('It touches no VM.').waitFor();
  await carryOut(page, 'Room for builds');

  await open();
  await main(page).getByText('0 of 2 VMs run v2, the declared version; 2 run another.').waitFor();
  assert.equal(await rolls().count(), 1, 'there is no way to the version that the pool runs');
  await main(page).getByText('2 on v1, holds to v1', { exact: true }).waitFor();

  // Whoever edits it again is told who holds a version, and the choice that rolls lets go of it.
  await page.goto('/templates/dev/backend-dev/edit');
  await hydrated(page);
  await main(page).getByText(/backend-pool holds to a version, and lets go of it to roll\./).waitFor();
  await page.getByLabel('Boot disk').fill('41');
  await review(page);
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs replaced 2 /);
  await open();
  await main(page).getByRole('link', { name: 'Roll backend-pool to v2', exact: true }).click();
  await page.waitForURL(/\/pools\/dev\/backend-pool\/version\?/);
  assert.equal(await page.getByLabel('Version', { exact: true }).inputValue(), 'backend-dev', 'the version that was meant');
  await page.getByLabel('How', { exact: true }).selectOption('All VMs, rolling');
  await review(page);
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs replaced 2 /);
  await applied(page, await proposeReviewed(page, 'Now', 'Change template'));

  await open();
  await main(page).getByText('Both VMs run v2, the declared version.').waitFor();
  assert.equal(await rolls().count(), 1);
  await main(page).getByRole('link', { name: 'Roll backend-pool to v1', exact: true }).waitFor();
});
