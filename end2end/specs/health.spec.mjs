// Health: an agent that falls silent is seen while one looks, one that dies is made anew, one is asked to restart and answers;
// the instance's page and the alerts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { fault, managed, reset } from '../harness/emulator.mjs';
import { BACKEND, openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { assertSameDocument, assertStory, freshness, main, markDocument, story, title, words } from './face.mjs';

const scene = openScene({ returns: true });

/** Three heartbeats must be missed before silence is called so; the next one ends it. */
const FALLS_SILENT = { timeout: 90_000 };
const SETTLES = { timeout: 90_000 };

let instance;
let name;

openFleet(scene, {
  rests: true,
  timeout: 200_000,
  async settle(page, seeded) {
    instance = seeded.instance;
    name = instance.split('/').at(-1);
    const healthy = async () => {
      await page.goto('/');
      await main(page).getByText('Both agents are healthy.').waitFor({ timeout: 500 });
    };
    await until('both agents are healthy', healthy, { within: SETTLES.timeout });
  },
});

/** Opens a page that follows the fleet, and marks it. */
async function openLive(page, path) {
  await page.goto(path);
  await hydrated(page);
  await freshness(page).getByText('Live', { exact: true }).waitFor();
  await markDocument(page);
}

async function id() {
  return (await managed(scene.stack, BACKEND)).find((vm) => vm.name === name)?.id;
}

function region(page, called) {
  return main(page).getByRole('region', { name: called, exact: true });
}

/** Which boot the agent says that it is. */
async function boot(page) {
  return /Boot (\S+)/.exec(await words(region(page, 'Agent, as it says of itself')))?.[1];
}

/** Waits until the agent is another boot than that one, and well. */
async function bootsAgain(page, before) {
  await until('it is another boot', async () => ![before, undefined].includes(await boot(page)), { within: 60_000 });
  await main(page).getByText('The agent is healthy.').waitFor(SETTLES);
}

test('an agent that falls silent is seen on each page that is open, and so is its return', async () => {
  const { page, tab } = await scene.person('Mara');
  const [own, pool, alerts] = [await tab(), await tab(), await tab()];
  await openLive(page, '/');
  await openLive(own, instance);
  await openLive(pool, '/pools/dev/backend-pool');
  await openLive(alerts, '/alerts');
  assert.equal(await main(page).getByRole('img', { name: '1 healthy', exact: true }).count(), 2);
  await main(own).getByText('The agent is healthy.').waitFor();

  const before = await id();
  const mend = await fault(scene.stack, 'agent', { state: 'silent', instance: name });
  await main(own).getByText(/^Its next heartbeat is overdue: the last came at [\d:]+ UTC\.$/).waitFor(FALLS_SILENT);
  await main(own).getByText(/^The agent has fallen silent: its last word came at [\d:]+ UTC\.$/).waitFor(FALLS_SILENT);
  await region(own, 'What came since').waitFor();
  await main(own).getByRole('img', { name: /^Heartbeats of 24 hours: none heard since [\d:]+ UTC/ }).waitFor();
  await main(page).getByRole('img', { name: '1 silent', exact: true }).waitFor();
  await main(page).getByText('1 of 2 agents are healthy.').waitFor();
  await main(pool).getByText('1 ill or silent', { exact: true }).waitFor();
  await main(pool).getByText('1 of 2 agents are healthy. 1 is silent.', { exact: true }).waitFor();
  const line = region(pool, '2 instances').getByRole('row', { name: new RegExp(name) });
  await line.getByText('Silent', { exact: true }).waitFor();

  // Half of the agents are more than the alert bears; two are no mass, so nothing is held.
  const incident = main(alerts).getByRole('region', { name: /^Incident inc-\d+$/ });
  await incident.getByText('Heartbeats are missed', { exact: true }).waitFor(SETTLES);
  await incident.getByText(/^When it opened: 1 of 2 agents are silent, in \S+ 1 of 2\./).waitFor();
  const condition = region(alerts, 'Conditions').getByRole('listitem').filter({ hasText: 'Heartbeats are missed' });
  await condition.getByText(/fires\./).first().waitFor();
  assert.equal(await main(alerts).getByRole('button', { name: 'Let the brake go' }).count(), 0);
  await assertAccessible(alerts);

  await main(page).getByRole('link', { name: /^1\s*Silent$/ }).click();
  await page.waitForURL(/\/instances\?.*state=silent/);
  await title(page).getByText('Instances', { exact: true }).waitFor();
  assert.equal(await main(page).getByRole('link', { name: /^agent-/ }).count(), 1, 'the filter leaves the silent one');
  await main(page).getByRole('link', { name, exact: true }).waitFor();

  await mend();
  await main(own).getByText('The agent is healthy.').waitFor(SETTLES);
  await region(own, 'What came since').waitFor({ state: 'detached' });
  await main(pool).getByText('Both agents run and are healthy.').waitFor(SETTLES);
  await region(alerts, 'Incidents that ended').getByRole('listitem').filter({ hasText: 'Heartbeats are missed' }).waitFor(SETTLES);
  for (const open of [own, pool, alerts]) await assertSameDocument(open);
  assert.equal(await id(), before, 'silence alone heals nothing');

  await page.goto(`/audit?object=${name}`);
  assertStory(await story(page), [new RegExp(`heard nothing more of ${name}`), new RegExp(`found ${name} well again`)]);
  await main(page).getByRole('link', { name, exact: true }).first().click();
  await page.waitForURL(/\/instances\/[^/]+\/[^/]+$/);
  await main(page).getByRole('link', { name: 'All its events' }).click();
  await page.waitForURL((address) => address.pathname === '/audit' && address.searchParams.get('object') === name);
});

test('an agent that dies gets another VM under its name, and lives', async () => {
  const { page } = await scene.person('Mara');
  await openLive(page, instance);
  const before = await id();
  const mend = await fault(scene.stack, 'agent', { state: 'crash', instance: name });
  await until('Compute Engine makes it anew', async () => ![before, undefined].includes(await id()), { within: 90_000 });
  await mend();
  const shown = async () => (await words(region(page, 'VM, as Compute Engine says'))).includes(`Id ${await id()}`);
  await until('the page shows the new VM', shown, { within: 60_000 });
  await main(page).getByText('The agent is healthy.').waitFor(SETTLES);
  await assertSameDocument(page);
});

test('the page of an instance has its day, its console and its own word', async () => {
  const { page } = await scene.person('Vera');
  await openLive(page, instance);
  const booted = await boot(page);
  await main(page).getByRole('img', { name: /^Heartbeats of 24 hours: / }).waitFor();
  const signals = await words(region(page, 'Signals of the last 24 hours'));
  assert.match(signals, /They agree: heartbeats arrive, and Compute Engine's probe is answered well\./);
  assert.match(signals, /Probe answered well As Compute Engine said .* It keeps no past of its probes\./);
  // It is younger than the hour: what was measured says since when, and a line is drawn only of what would be more than a dot.
  const metrics = region(page, 'Metrics of the last hour');
  assert.match(await words(metrics), /CPU .* % .*since \d\d:\d\d UTC.* Memory .*since .* Disk used .*since .* Tasks .* since boot/);
  await until('a line or its lack is told', async () => {
    const [said, lines] = [await words(metrics), await metrics.getByRole('img', { name: /^CPU: .* since \d\d:\d\d UTC$/ }).count()];
    return lines === (/since \d\d:\d\d UTC, [1-4] readings?\b/.test(said) ? 0 : 1);
  });

  // Long lists begin with their newest ten; the address asks for all.
  const changed = region(page, 'What changed in the last 30 minutes');
  await changed.getByRole('img', { name: /^Events by source from \d\d:\d\d to \d\d:\d\d UTC: / }).waitFor();
  const first = await changed.getByRole('listitem').count();
  assert.ok(first >= 1 && first <= 10, `${first} events`);
  if (await changed.getByText(/earlier events? left out/).count()) {
    await changed.getByRole('link', { name: 'Show all' }).click();
    await page.waitForURL(/\?all=yes#before$/);
    await until('all are told', async () => (await changed.getByRole('listitem').count()) > first);
    await page.goBack();
    await until('the newest are told', async () => (await changed.getByRole('listitem').count()) === first);
  }

  await region(page, 'Cloud errors').getByText(/^Compute Engine reported nothing about it in the list of errors that it keeps of genesis-pool-backend-pool, which /).waitFor();

  const panel = region(page, 'Serial console');
  const lines = (of) => of.getByRole('list', { name: 'Lines of the serial console' });
  await lines(panel).getByText(/agent-cage\[1\]: listening on/).first().waitFor();
  await panel.getByRole('link', { name: 'open in full' }).click();
  await page.waitForURL(`**${instance}/serial`);
  await title(page).getByText('Serial console', { exact: true }).waitFor();
  assert.match(await words(main(page).locator('.lead')), /^Bytes \d[\d,]* to \d[\d,]* since the VM started\.$/);
  await lines(main(page)).getByText(/agent-cage\[1\]: listening on/).first().waitFor();

  // Beyond the end is nothing yet; from there one pages back to the first line.
  await main(page).getByRole('link', { name: 'Later', exact: true }).click();
  await lines(main(page)).getByText('It has written nothing here.').waitFor();
  await main(page).getByRole('link', { name: 'Earlier', exact: true }).click();
  await page.waitForURL(/\/serial\?start=0$/);
  const boots = lines(main(page)).getByText(/Linux version/);
  await boots.first().waitFor();

  // Who follows sees the lines of another boot come, on the page as it is.
  await main(page).getByRole('link', { name: 'Follow', exact: true }).click();
  await page.waitForURL(/\/serial\?follow=1/);
  await main(page).getByRole('link', { name: 'Following' }).waitFor();
  const known = await boots.count();
  const [zone] = instance.split('/').slice(-2);
  await reset(scene.stack, BACKEND.project, `zones/${zone}/instances/${name}`);
  await boots.nth(known).waitFor();
  await assertSameDocument(page);

  await page.goto(instance);
  await hydrated(page);
  await bootsAgain(page, booted);
  await main(page).getByRole('link', { name: 'Ask it for its status' }).click();
  await page.waitForURL(`**${instance}/status`);
  await main(page).getByText('Answers', { exact: true }).waitFor();
  assert.match(await words(region(page, 'Status')), /"sequence"/);
});

test('an agent is asked to restart and answers, and a viewer is told who may ask', async () => {
  const { page } = await scene.person('Mara');
  await openLive(page, instance);
  const before = await boot(page);
  const asked = region(page, 'Asked of the agent').getByRole('listitem');
  // What would change nothing says so in its place.
  const start = page.getByRole('button', { name: 'Start the agent', exact: true });
  assert.equal(await start.getAttribute('aria-disabled'), 'true');
  assert.equal(await words(page.locator('#start-agent-reason')), 'It runs already.');
  const act = async (fold, button) => {
    await region(page, 'Actions').getByText(fold, { exact: true }).click();
    await page.getByRole('button', { name: button, exact: true }).click();
  };

  await act('Restart the agent', 'Restart agent');
  await asked.filter({ hasText: 'Restart acknowledged.' }).filter({ hasText: 'asked by Mara' }).waitFor(SETTLES);
  await bootsAgain(page, before);

  await act('Stop the agent', 'Stop agent');
  await asked.filter({ hasText: 'Stop acknowledged.' }).waitFor(SETTLES);
  await main(page).getByText('The agent was stopped on request; it listens and can be started.').waitFor(SETTLES);
  await act('Start the agent', 'Start agent');
  await asked.filter({ hasText: 'Start acknowledged.' }).waitFor(SETTLES);
  await main(page).getByText('The agent is healthy.').waitFor(SETTLES);
  await assertSameDocument(page);

  await page.goto(`/audit?object=${name}`);
  assertStory(await story(page), ['restart', 'stop', 'start'].map((verb) => new RegExp(`Mara asked ${name} to ${verb}`)));

  const vera = await scene.person('Vera');
  await openLive(vera.page, instance);
  const button = vera.page.getByRole('button', { name: 'Restart the agent' });
  assert.equal(await button.getAttribute('aria-disabled'), 'true');
  assert.match(await words(vera.page.locator(`#${await button.getAttribute('aria-describedby')}`)), /takes the role/);
});

test('the alerts tell all five conditions, what is measured for each, and who was told', async () => {
  const { page } = await scene.person('Vera');
  await openLive(page, '/alerts');
  const conditions = region(page, 'Conditions').getByRole('listitem');
  const titles = [
    'Provisioning fails',
    'Heartbeats are missed',
    'Keys cannot be renewed',
    'The audit log is not followed',
    'Database connections run out',
  ];
  assert.equal(await conditions.count(), titles.length);
  for (const [index, called] of titles.entries()) {
    assert.match(await words(conditions.nth(index)), new RegExp(`^${called}: (well|fires|not measured yet)\\. .*; it fires `));
  }
  const code = conditions.first().getByRole('link', { name: 'provisioning_failure_rate' });
  assert.match(await code.getAttribute('href'), /^\/docs\/errors\.md#.*provisioning_failure_rate$/);
  const told = region(page, 'Who was told');
  assert.match(await words(told), /No webhook is configured: incidents are told here alone\./);
  const document = told.getByRole('link', { name: 'What is sent, and how a receiver verifies it', exact: true });
  assert.equal(await document.getAttribute('href'), '/docs/webhook.md');
});
