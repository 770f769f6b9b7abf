// Pools: created, resized, rolled by a canary, acted on by name and deleted, each by a change; and why one does not grow.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { fault, managed, resource } from '../harness/emulator.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { assertSameDocument, describedBy, freshness, main, markDocument, phase, story, tableRows, title, words } from './face.mjs';
import { applied, proposeReviewed, review } from './proposals.mjs';

const scene = openScene({ returns: true });

const PROJECT = 'genesis-project-dev';
const PLACE = { project: PROJECT, region: 'us-central1', group: 'genesis-pool-batch' };
const POOL = '/pools/dev/batch';
const ZONE = 'us-central1-a';

/** VMs boot and agents speak within seconds. */
const SETTLES = { timeout: 90_000 };

// The example's own pool must not move under these tests.
openFleet(scene, { rests: true });

async function open(page, path) {
  await page.goto(path);
  await hydrated(page);
}

/** Proposes the reviewed form by its own verb and waits until its change is applied. */
async function carryOut(page, reason, verb) {
  const change = await proposeReviewed(page, reason, verb);
  await applied(page, change);
  return change;
}

/** The pool's instances in Compute Engine: ids by their names. */
async function vms() {
  return Object.fromEntries((await managed(scene.stack, PLACE)).map(({ name, id }) => [name, id]));
}

async function impact(page) {
  return words(main(page).getByRole('region', { name: 'Impact' }));
}

/** Waits until the rollout's panel says it. */
async function rolledTo(page, sentence) {
  await until(sentence, async () => {
    await open(page, `${POOL}/rollout`);
    await main(page).getByText(sentence).waitFor({ timeout: 1_000 });
  });
}

function squares(page, version, state = 'healthy') {
  return main(page).getByRole('link', { name: new RegExp(`^agent-batch-\\S+ · us-central1-[a-c] · platform-eng ${version} · ${state}$`) });
}

test('a pool is created in a side panel, and what is refused stands beside its field', async () => {
  const { page, forgive } = await scene.person('Mara');
  forgive(/status of 422/);
  await open(page, '/pools');
  await main(page).getByRole('link', { name: 'New pool' }).click();
  await page.waitForURL(/\/pools\/new/);
  assert.equal(await title(page).innerText(), 'New pool');
  await assertAccessible(page);
  await page.getByLabel('Name', { exact: true }).fill('backend-pool');
  await page.getByLabel('Template', { exact: true }).selectOption('platform-eng');
  await page.getByLabel('Size', { exact: true }).fill('many');
  await page.getByLabel('Named ports').fill('http');
  await review(page);
  assert.match(await describedBy(page, 'Named ports'), /`http` is not a name and a port/);
  assert.match(await describedBy(page, 'Size'), /`many` is no whole number/);
  assert.equal(await page.getByLabel('Size', { exact: true }).inputValue(), 'many', 'what was typed stays');

  await page.getByLabel('Size', { exact: true }).fill('3');
  await page.getByLabel('Named ports').fill('http 8080\nmetrics 9100');
  await review(page);
  assert.match(await describedBy(page, 'Name'), /backend-pool is declared already/);

  await page.getByLabel('Name', { exact: true }).fill('batch');
  await page.getByLabel('Scales itself').selectOption('No');
  await page.getByLabel('A canary is as old as').fill('1');
  await page.getByLabel('Silent after').fill('10');
  await review(page);
  assert.match(await describedBy(page, 'Silent after'), /an agent would be silent after 10 s, and late only after 15 s/i);
  await page.getByLabel('Silent after').fill('40');
  await review(page);
  assert.match(await impact(page), /VMs created 3 1 in each of 3 zones/);
  await carryOut(page, 'Nightly work');
  await open(page, POOL);
  await main(page).getByText('All 3 agents run and are healthy.').waitFor(SETTLES);
  await main(page).getByRole('region', { name: 'Conditions' }).getByText(/^\d conditions are well: /).waitFor(SETTLES);
  const newest = await main(page).getByRole('region', { name: 'Timeline' }).getByRole('listitem').count();
  assert.ok(newest > 0 && newest <= 6, `${newest} events stand beside the rest`);
  assert.equal(await main(page).getByRole('region', { name: 'Rollout' }).count(), 0, 'nothing moves');
  const beside = main(page).getByRole('region', { name: 'Settings' });
  assert.deepEqual((await tableRows(beside)).find(([name]) => name === 'Zones'), ['Zones', 'a b c', 'a b c']);
  await beside.getByText(/more settings, all as declared$/).click();
  const settings = await tableRows(beside);
  assert.deepEqual(settings.find(([name]) => name === 'Agent silent after'), ['Agent silent after', '40 s', '40 s']);
  const ports = 'http 8080, metrics 9100';
  assert.deepEqual(settings.find(([name]) => name === 'Named ports'), ['Named ports', ports, ports]);
  await page.goto('/pools');
  const rows = await tableRows(main(page).getByRole('group', { name: 'Pools' }));
  assert.deepEqual(rows.map(([name]) => name), ['backend-pool dev', 'batch dev']);

  await hydrated(page);
  const table = main(page).getByRole('group', { name: 'Pools' });
  const head = table.getByRole('columnheader', { name: 'Pool', exact: true });
  for (const [address, direction, names] of [
    ['?sort=name', 'ascending', ['backend-pool dev', 'batch dev']],
    ['?sort=-name', 'descending', ['batch dev', 'backend-pool dev']],
  ]) {
    await head.getByRole('link').click();
    await page.waitForURL((url) => url.search === address);
    await until(`pools are ${direction}`, async () => {
      assert.equal(await head.getAttribute('aria-sort'), direction);
      assert.deepEqual((await tableRows(table)).map(([name]) => name), names);
    });
  }
});

test('a pool is resized; one that scales itself, and one who may not, are told why not', async () => {
  const { page, forgive } = await scene.person('Mara');
  forgive(/status of 422/);
  await open(page, POOL);
  await main(page).getByRole('link', { name: 'Resize' }).click();
  await page.waitForURL(`**${POOL}/resize`);
  await page.getByLabel('Size', { exact: true }).fill('2.5');
  await review(page);
  assert.match(await describedBy(page, 'Size'), /`2\.5` is no number of VMs/);
  await page.getByLabel('Size', { exact: true }).fill('4');
  await review(page);
  assert.match(await impact(page), /VMs created 1 /);
  await carryOut(page, 'More of it', 'Resize pool');
  await open(page, POOL);
  await main(page).getByText('All 4 agents run and are healthy.').waitFor(SETTLES);

  await open(page, '/pools/dev/backend-pool');
  const resize = main(page).getByRole('button', { name: 'Resize' });
  assert.equal(await resize.getAttribute('aria-disabled'), 'true');
  assert.match(await words(page.locator(`#${await resize.getAttribute('aria-describedby')}`)), /It scales itself, 1 to 5 VMs: edit its bounds\./);

  const vera = await scene.person('Vera');
  await open(vera.page, POOL);
  for (const verb of ['Resize', 'Edit', 'Delete']) {
    const button = main(vera.page).getByRole('button', { name: verb, exact: true });
    assert.equal(await button.getAttribute('aria-disabled'), 'true', verb);
    assert.match(await words(vera.page.locator(`#${await button.getAttribute('aria-describedby')}`)), /takes the role operator or admin/);
  }
});

test('a pool has a timeline of its own', async () => {
  const { page } = await scene.person('Vera');
  await open(page, POOL);
  await main(page).getByRole('navigation', { name: 'Pool' }).getByRole('link', { name: 'Timeline' }).click();
  await page.waitForURL(`**${POOL}/timeline`);
  // The first tab has a shorter one, whose events have no link of their own.
  await main(page).getByRole('link', { name: /^event \d+/ }).first().waitFor();
  const events = main(page).getByRole('region', { name: 'Timeline' }).getByRole('listitem');
  await events.first().waitFor();
  const told = (await events.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
  assert.ok(told.some((event) => /Mara proposed chg-\d+/.test(event)), told.join('\n'));
  assert.ok(told.some((event) => /created instance group genesis-pool-batch/.test(event)), told.join('\n'));
  assert.ok(!told.some((event) => /chg-1\b|backend-pool/.test(event)), told.join('\n'));
  const newest = /event (\d+)/.exec(told[0])[1];
  await page.goto(`${POOL}/timeline?before=${newest}`);
  await main(page).getByRole('link', { name: 'Newest' }).waitFor();
  assert.equal(await events.count(), told.length - 1, 'a page begins before that event');
});

test('a canary tries the next version, goes back, tries again and is promoted, and a page that is open follows', async () => {
  const { page, tab, forgive } = await scene.person('Mara');
  forgive(/status of 422/);
  await open(page, '/templates/dev/platform-eng/edit');
  await page.getByLabel('Pools that use it').selectOption('Stay on the version that they run');
  await page.getByLabel('Boot disk').fill('40');
  await review(page);
  await main(page).getByText('It touches no VM.').waitFor();
  await carryOut(page, 'Room for images');

  for (const verb of ['promote', 'roll-back']) {
    await open(page, `${POOL}/${verb}`);
    const pointless = page.getByRole('button', { name: 'Review change', exact: true });
    assert.equal(await pointless.getAttribute('aria-disabled'), 'true', `${verb} without a canary`);
    await page.getByText('The pool has no canary.', { exact: true }).waitFor();
  }

  const begin = async () => {
    await open(page, `${POOL}/rollout`);
    await main(page).getByRole('link', { name: 'Change template' }).click();
    await page.waitForURL(`**${POOL}/version`);
    await page.getByLabel('Version', { exact: true }).selectOption('platform-eng, as it is declared (v2)');
  };
  await begin();
  await page.getByLabel('VMs of the canary').fill('some');
  await review(page);
  assert.equal(await page.getByLabel('VMs of the canary').getAttribute('aria-invalid'), 'true');
  await page.getByLabel('VMs of the canary').fill('1');
  await review(page);
  assert.match(await impact(page), /VMs replaced 1 .*Lowest capacity 4 of 4/);
  await carryOut(page, 'One first', 'Change template');
  await rolledTo(page, '1 of 4 VMs try platform-eng v2.');
  assert.deepEqual([await squares(page, 'v2').count(), await squares(page, 'v1').count()], [1, 3]);
  const next = await words(main(page).getByRole('region', { name: 'Rollout' }));
  assert.match(next, /Promote: 3 VMs of platform-eng v1 are replaced by platform-eng v2\./);
  assert.match(next, /Roll back: 1 VM of platform-eng v2 goes back to platform-eng v1\./);
  const busy = main(page).getByRole('button', { name: 'Change template' });
  assert.equal(await busy.getAttribute('aria-disabled'), 'true', 'one canary at a time');

  await open(page, POOL);
  await main(page).getByText('Canary on 1 of 4', { exact: true }).waitFor();
  await main(page).getByText(/^1 of 4 VMs try v2 until somebody promotes it or rolls it back\./).waitFor();
  await main(page).getByRole('region', { name: 'Rollout from v1 to v2' }).waitFor();
  assert.deepEqual([await squares(page, 'v2').count(), await squares(page, 'v1').count()], [1, 3]);
  assert.equal(await main(page).getByRole('region', { name: '4 instances' }).count(), 0, 'its squares are its instances');
  await assertAccessible(page);

  await main(page).getByRole('link', { name: 'Roll back canary' }).click();
  await page.waitForURL(`**${POOL}/roll-back`);
  await carryOut(page, 'Not today', 'Roll back canary');
  await rolledTo(page, 'All 4 VMs run platform-eng v1.');
  assert.deepEqual([await squares(page, 'v2').count(), await squares(page, 'v1').count()], [0, 4]);

  await begin();
  await page.getByLabel('VMs of the canary').fill('2');
  await review(page);
  await carryOut(page, 'Two this time', 'Change template');
  await rolledTo(page, '2 of 4 VMs try platform-eng v2.');

  const watching = await tab();
  await open(watching, `${POOL}/rollout`);
  await freshness(watching).getByText('Live', { exact: true }).waitFor();
  await markDocument(watching);
  const promote = main(page).getByRole('link', { name: 'Promote canary' });
  await until('the canary may be promoted', async () => {
    await open(page, `${POOL}/rollout`);
    return promote.isVisible();
  });
  await promote.click();
  await page.waitForURL(`**${POOL}/promote`);
  await carryOut(page, 'It works', 'Promote canary');
  await main(watching).getByText('All 4 VMs run platform-eng v2.').waitFor(SETTLES);
  assert.deepEqual([await squares(watching, 'v2').count(), await squares(watching, 'v1').count()], [4, 0]);
  await assertSameDocument(watching);
});

test('instances are restarted, recreated and deleted by name', async () => {
  const { page, forgive } = await scene.person('Mara');
  forgive(/status of 422/);
  const before = await vms();
  const [first, second] = Object.keys(before).sort();
  const act = async (verb, name) => {
    await open(page, `${POOL}/instances`);
    await main(page).getByRole('link', { name: 'Restart, recreate, delete' }).click();
    await page.waitForURL(`**${POOL}/act`);
    await page.getByLabel('Action', { exact: true }).selectOption(verb);
    if (name) await page.getByRole('checkbox', { name: new RegExp(`^${name} `) }).check();
    await review(page);
  };
  const started = async (name) => {
    const { zone } = (await managed(scene.stack, PLACE)).map(({ instance }) => /zones\/(?<zone>[^/]+)\/instances\/(?<name>[^/]+)$/.exec(instance).groups).find((one) => one.name === name);
    return (await resource(scene.stack, PROJECT, `zones/${zone}/instances/${name}`)).lastStartTimestamp;
  };

  await act('restart');
  assert.match(await words(page.getByRole('group', { name: 'Instances' })), /Choose at least one instance/);

  const booted = await started(first);
  await act('restart', first);
  assert.match(await impact(page), /VMs restarted 1 .*Lowest capacity 3 of 4/);
  const restarted = await carryOut(page, 'It leaks', 'Propose the action');
  assert.match(await title(page).innerText(), new RegExp(`restart instance ${first}$`));
  assert.deepEqual(await vms(), before, 'the same VMs');
  assert.notEqual(await started(first), booted, `${restarted} booted it again`);

  await act('recreate', first);
  assert.match(await impact(page), /VMs replaced 1 /);
  await carryOut(page, 'It still leaks', 'Propose the action');
  const after = await vms();
  assert.deepEqual(Object.keys(after).sort(), Object.keys(before).sort(), 'under their names');
  assert.notEqual(after[first], before[first], 'another VM');
  assert.equal(after[second], before[second]);

  await act('delete', second);
  assert.match(await impact(page), /VMs deleted 1 /);
  await carryOut(page, 'One less', 'Propose the action');
  const left = await vms();
  assert.ok(!(second in left) && Object.keys(left).length === 3, Object.keys(left).join(', '));
  await open(page, POOL);
  const settings = await tableRows(main(page).getByRole('region', { name: 'Settings' }));
  assert.deepEqual(settings.find(([name]) => name === 'Size'), ['Size', '3', '3']);
});

test('a pool that does not grow says that a zone is out of machines, and grows when it is not', async () => {
  const { page } = await scene.person('Mara');
  const mend = await fault(scene.stack, 'stockout', { zone: ZONE });
  await open(page, `${POOL}/resize`);
  await page.getByLabel('Size', { exact: true }).fill('6');
  await review(page);
  const change = await proposeReviewed(page, 'The night is short', 'Resize pool');
  const condition = main(page).getByRole('region', { name: 'Conditions' }).getByRole('listitem').filter({ hasText: 'No capacity' });
  await until('the pool says what it lacks', async () => {
    await open(page, POOL);
    await condition.waitFor({ timeout: 1_000 });
  });
  const said = await words(condition);
  assert.match(said, new RegExp(`1 VM waits in ${ZONE}: The zone 'projects/${PROJECT}/zones/${ZONE}' does not have enough resources available`));
  assert.match(said, /It is tried again by itself\. If it lasts, choose another machine type, another provisioning model or other zones\./);
  assert.match(await condition.getByRole('link', { name: 'StockOut' }).getAttribute('href'), /^\/docs\/errors\.md#/);
  await open(page, `${POOL}/rollout`);
  const rollout = await words(main(page).getByRole('region', { name: 'Rollout' }));
  assert.match(rollout, /Compute Engine cannot make its VMs\./);
  assert.match(rollout, /ZONE_RESOURCE_POOL_EXHAUSTED/);
  const stuck = squares(page, 'v2', 'cannot be made');
  await stuck.waitFor();

  // The VM's own page has what Compute Engine says about it, and leads to what that means.
  await stuck.click();
  await page.waitForURL(new RegExp(`/instances/${ZONE}/agent-batch-`));
  const errors = main(page).getByRole('region', { name: 'Cloud errors', exact: true }).getByRole('listitem');
  await errors.first().waitFor();
  assert.equal(await errors.count(), 1, 'what is said again and again stands there once');
  assert.match(await words(errors), /^Creating failed\. The zone .* does not have enough resources .*, ZONE_RESOURCE_POOL_EXHAUSTED StockOut$/);
  assert.equal(await errors.getByRole('link', { name: 'StockOut' }).getAttribute('href'), '/docs/errors.md#:~:text=StockOut');
  await assertAccessible(page);

  await mend();
  await applied(page, change);
  await open(page, POOL);
  await main(page).getByText('All 6 agents run and are healthy.').waitFor(SETTLES);
  assert.equal(await condition.count(), 0, 'what was in the way has gone');
});

test('deleting asks for the name, says what is lost, and waits for the brake until somebody lets it go', async () => {
  const { page, forgive } = await scene.person('Mara');
  forgive(/status of 422/);
  // Its agents fall silent together while the form is filled in.
  await fault(scene.stack, 'agent', { state: 'silent', group: PLACE.group });
  await open(page, POOL);
  await main(page).getByRole('link', { name: 'Delete', exact: true }).click();
  await page.waitForURL(`**${POOL}/delete`);
  await main(page).getByText('Its 6 VMs and their disks are deleted for good, workspaces included.').waitFor();
  assert.match(await impact(page), /VMs deleted 6 2 in each of 3 zones/);
  await assertAccessible(page);
  await page.getByLabel('Name of the pool').fill('backend-pool');
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Delete pool', exact: true }).click()]);
  await hydrated(page);
  assert.match(await describedBy(page, 'Name of the pool'), /write the pool's name, batch, to say that you mean it/i);

  const vera = await scene.person('Vera');
  const incident = (of) => main(of).getByRole('region', { name: /^Incident inc-\d+$/ }).filter({ hasText: /of 6 agents of pool batch fail together/ });
  await open(vera.page, '/alerts');
  await incident(vera.page).waitFor(SETTLES);
  await page.getByLabel('Name of the pool').fill('batch');
  const change = await proposeReviewed(page, 'The nights are over', 'Delete pool');
  await phase(page, 'Apply').getByText(/^The mass-failure brake of inc-\d+: see Alerts$/).waitFor();
  await main(page).getByText(/^Held by inc-\d+$/).waitFor();
  assert.match(await words(phase(page, 'Apply')), /begins when the brake lets go/);
  const refused = incident(vera.page).getByRole('button', { name: 'Let the brake go' });
  assert.equal(await refused.getAttribute('aria-disabled'), 'true');
  assert.match(await words(incident(vera.page)), /takes the role operator or admin/);

  const quiet = await scene.person('Mara', { scripts: false });
  await quiet.page.goto('/alerts');
  await incident(quiet.page).getByLabel('Why healing may go on').fill('This pool goes anyway');
  await incident(quiet.page).getByRole('button', { name: 'Let the brake go' }).click();
  await incident(quiet.page).getByText(/The brake was let go by hand: healing and changes go on\./).waitFor();
  await applied(page, change);
  await page.goto('/audit?action=overrule_brake');
  assert.match((await story(page)).join(' '), /Mara let go the brake of inc-\d+.*This pool goes anyway/);
  await page.goto('/pools');
  const rows = await tableRows(main(page).getByRole('group', { name: 'Pools' }));
  assert.deepEqual(rows.map(([name]) => name), ['backend-pool dev']);
});
