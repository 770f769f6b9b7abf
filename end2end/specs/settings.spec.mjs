// Settings: tokens and sessions come and go, and people, environments, policy and health are read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { main, tableRows, title, words } from './face.mjs';

const scene = openScene({ returns: true });
openFleet(scene);

/** What a program with this token is answered. */
async function answered(page, secret) {
  const answer = await page.request.get('/api/v1/me', { headers: { authorization: `Bearer ${secret}` } });
  return answer.status();
}

test('the room leads to each of its pages, and each page back to the room', async () => {
  const { page } = await scene.person('Vera');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await title(page).getByText('Settings', { exact: true }).waitFor();
  const rooms = ['People and roles', 'Passkeys', 'Sessions', 'API tokens', 'Environments', 'Approval policy', 'Health'];
  for (const room of rooms) {
    await main(page).getByRole('link', { name: room, exact: true }).click();
    await title(page).getByText(room, { exact: true }).waitFor();
    await main(page).getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Settings' }).click();
    await title(page).getByText('Settings', { exact: true }).waitFor();
  }
  await main(page).getByRole('link', { name: 'Alerts', exact: true }).click();
  await title(page).getByText('Alerts', { exact: true }).waitFor();

  await page.getByLabel('Vera, account').click();
  await page.getByRole('banner').getByRole('link', { name: 'Passkeys' }).click();
  await title(page).getByText('Passkeys', { exact: true }).waitFor();
});

test('a token is made, shows its secret once, works, and is revoked', async () => {
  const { page, forgive } = await scene.person('Mara');
  await page.goto('/settings/tokens');
  await hydrated(page);
  await main(page).getByText('No token yet').waitFor();
  await main(page).getByRole('link', { name: 'New token' }).first().click();
  await title(page).getByText('New API token', { exact: true }).waitFor();

  forgive(/status of 422/);
  await page.getByLabel('Name', { exact: true }).fill('nightly plan');
  await page.getByLabel('Read', { exact: true }).uncheck();
  await page.getByRole('button', { name: 'Make token' }).click();
  const scopes = main(page).getByRole('group', { name: 'Scopes' });
  await scopes.getByText('Choose at least one: without a scope it could do nothing').waitFor();
  await assertAccessible(page);
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'nightly plan');

  await page.getByLabel('Read', { exact: true }).check();
  await page.getByLabel('Plan', { exact: true }).check();
  await page.getByLabel('Ends after').fill('30');
  await page.getByRole('button', { name: 'Make token' }).click();
  const shown = page.getByLabel(/^Secret of /);
  await shown.waitFor();
  await hydrated(page);
  await assertAccessible(page);
  const secret = await shown.inputValue();
  assert.match(secret, /^am_[\w-]{43}$/);
  assert.equal(await answered(page, secret), 200);

  await main(page).getByRole('link', { name: 'I have copied it' }).click();
  const row = main(page).getByRole('row', { name: /nightly plan/ });
  assert.match(await words(row), /Active read and plan .*in 29 d 23 h|Active read and plan .*in 30 d/);
  await page.reload();
  assert.ok(!(await page.content()).includes(secret), 'the list shows the secret');
  await assertAccessible(page);

  await row.getByRole('button', { name: /^Revoke / }).click();
  await row.getByText('Revoked', { exact: true }).waitFor();
  assert.equal(await answered(page, secret), 401);
});

test('without scripts a token is made and revoked too', async () => {
  const { page } = await scene.person('Vera', { scripts: false });
  await page.goto('/settings/tokens/new');
  await page.getByLabel('Name', { exact: true }).fill('a reader');
  await page.getByRole('button', { name: 'Make token' }).click();
  const secret = await page.getByLabel(/^Secret of /).inputValue();
  assert.equal(await answered(page, secret), 200);
  await main(page).getByRole('link', { name: 'I have copied it' }).click();
  const row = main(page).getByRole('row', { name: /a reader/ });
  await row.getByRole('button', { name: /^Revoke / }).click();
  await row.getByText('Revoked', { exact: true }).waitFor();
  assert.equal(await answered(page, secret), 401);
});

test('sessions are listed; ending one, and all others, signs those browsers out', async () => {
  const laptop = await scene.person('Jonah', { anew: true });
  const phone = await scene.person('Jonah', { scripts: false, anew: true });
  const { page } = laptop;
  await page.goto('/settings/sessions');
  await hydrated(page);
  const own = main(page).getByRole('group', { name: 'Your sessions' });
  await own.getByText('This one: sign out instead').waitFor();
  assert.equal((await tableRows(own)).length, 2);
  assert.equal(await main(page).getByRole('group', { name: 'Sessions of other people' }).count(), 0);
  await own.getByRole('button', { name: /^End session / }).click();
  await main(page).getByText('You have 1 session.').waitFor();
  await phone.page.goto('/settings');
  assert.equal(new URL(phone.page.url()).pathname, '/sign-in');

  const tablet = await scene.person('Jonah', { scripts: false, anew: true });
  await page.reload();
  await main(page).getByRole('button', { name: 'End all other sessions' }).click();
  await main(page).getByText('You have 1 session.').waitFor();
  await tablet.page.goto('/settings');
  assert.equal(new URL(tablet.page.url()).pathname, '/sign-in');
  await page.goto('/settings');
  await title(page).getByText('Settings', { exact: true }).waitFor();
});

test('an administrator sees and ends what is others’', async () => {
  const ada = await scene.person('Ada');
  const vera = await scene.person('Vera', { scripts: false, anew: true });
  await ada.page.goto('/settings/sessions');
  await hydrated(ada.page);
  const others = main(ada.page).getByRole('group', { name: 'Sessions of other people' });
  const rows = await tableRows(others);
  assert.ok(rows.some(([, person]) => person === 'Vera'), JSON.stringify(rows));
  await assertAccessible(ada.page);
  // Earlier tests left sessions of hers, and the newest is this one.
  await others.getByRole('row', { name: /Vera/ }).first().getByRole('button', { name: /^End session / }).click();
  await until('her session has ended', async () => {
    await vera.page.goto('/settings');
    return new URL(vera.page.url()).pathname === '/sign-in';
  });
  await ada.page.goto('/audit?action=end_session');
  assert.match(await words(main(ada.page)), /Ada ended a session of vera/);
  await main(ada.page).getByRole('link', { name: 'Sessions', exact: true }).first().click();
  await ada.page.waitForURL(/\/settings\/sessions$/);
  await main(ada.page).getByRole('link', { name: 'Sessions that were ended' }).click();
  await ada.page.waitForURL(/\/audit\?action=end_session$/);
});

test('what is typed before the page’s scripts run is kept', async () => {
  const { page } = await scene.person('Mara');
  let arrive;
  const arrived = new Promise((resolve) => (arrive = resolve));
  await page.route(/\.wasm$/, async (route) => {
    await arrived;
    await route.continue();
  });
  await page.goto('/settings/passkeys', { waitUntil: 'commit' });
  const field = page.getByLabel('Name of the device');
  await field.fill('Work laptop');
  arrive();
  await hydrated(page);
  await until('the buttons take a press', async () => {
    assert.equal(await page.getByRole('button', { name: 'Register passkey' }).getAttribute('aria-disabled'), null);
  });
  assert.equal(await field.inputValue(), 'Work laptop');
  await field.press('End');
  await field.pressSequentially(', blue');
  assert.equal(await field.inputValue(), 'Work laptop, blue');
});

test('people are listed with the roles of their last sign-in', async () => {
  const { page } = await scene.person('Ada');
  await page.goto('/settings/people');
  const people = await tableRows(main(page).getByRole('group', { name: 'People' }));
  const roles = Object.fromEntries(people.map(([name, listed]) => [name, listed]));
  assert.match(roles.Ada, /admin/);
  assert.match(roles.Mara, /operator/);
  assert.equal(roles.Vera, 'viewer');
  await main(page).getByRole('link', { name: 'Vera', exact: true }).click();
  await page.waitForURL(/\/audit\?actor=/);
  await main(page).getByText(/Vera signed in as/).first().waitFor();
});

test('environments tell what is declared and whether it was read', async () => {
  const { page } = await scene.person('Vera');
  const row = async () => {
    await page.goto('/settings/environments');
    const [row] = await tableRows(main(page).getByRole('group', { name: 'Environments' }));
    return row;
  };
  await until('the environment was read', async () => (await row())[1] === 'Answers');
  const [name, , project, region, pools, , generation, declaredBy] = await row();
  assert.deepEqual([name, project, region, pools, generation], ['dev', 'genesis-project-dev', 'us-central1', '1', '1']);
  await main(page).getByRole('link', { name: declaredBy, exact: true }).click();
  await page.waitForURL(/\/changes\/chg-1$/);
  await page.goto('/settings/environments');
  await main(page).getByRole('link', { name: 'Claims of changes' }).click();
  await page.waitForURL(/\/audit\?action=claim_change$/);
});

test('the policy in force is read, with the roster, since when and by whom', async () => {
  const { page } = await scene.person('Vera');
  await page.goto('/settings/policy');
  await hydrated(page);
  assert.deepEqual(await tableRows(main(page).getByRole('group', { name: 'Rules' })), [
    ['Development environments', '1', 'nobody: changes run at once'],
    ['Everything else', '2', '2 of sre and 1 of security, none of them its author'],
  ]);
  assert.match(await words(main(page).getByRole('region', { name: 'Rules' })), /Policy r1 is in force since .*: it came with this installation/);
  assert.deepEqual(await tableRows(main(page).getByRole('group', { name: 'Environments' })), [
    ['dev', 'development', 'nobody: changes run at once', 'Can be given'],
  ]);
  const groups = await tableRows(main(page).getByRole('group', { name: 'Groups' }));
  assert.deepEqual(groups.map(([group, count]) => [group, count]), [['security', '1'], ['sre', '4']]);
  assert.match(groups[1][2], /Mara/);
  const roster = main(page).getByRole('region', { name: 'Roster' });
  assert.match(await words(roster), /Roster r1 is in force since .* by Configuration, event \d+\./);
  await roster.getByRole('link', { name: /^event \d+$/ }).click();
  await page.waitForURL(/\/audit\/\d+$/);
  await main(page).getByText(/set roster r1 in force/).first().waitFor();
  const changed = main(page).getByRole('region', { name: 'What it changed' });
  assert.match(await words(changed), /security none .*sre none /s);
  await main(page).getByRole('link', { name: 'Approval policy', exact: true }).click();
  await page.waitForURL(/\/settings\/policy$/);
});

test('health names each part of the control plane with its cause', async () => {
  const { page } = await scene.person('Vera');
  const parts = async () => {
    await page.goto('/settings/health');
    return tableRows(main(page).getByRole('group', { name: 'Parts' }));
  };
  await until('every part is well', async () => (await parts()).every(([, state]) => state === 'Well'));
  const causes = (await parts()).map(([part, , cause]) => `${part}: ${cause}`);
  assert.deepEqual(causes, [
    'Leader: Leads',
    'Backlog: KeepsUp',
    'Audit log: Verified',
    'Database: Answers',
    'Compute Engine: Answers',
    'Agents: Heard',
    'Live streams: Open',
  ]);
  const code = main(page).getByRole('link', { name: 'KeepsUp' });
  assert.match(await code.getAttribute('href'), /^\/docs\/errors\.md#.*KeepsUp$/);
  await main(page).getByText('Every part of the control plane is well.').waitFor();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Control plane .*well$/ }).waitFor();
});
