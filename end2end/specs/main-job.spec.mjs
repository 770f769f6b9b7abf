// The main job: from a pasted module block to agents whose heartbeats arrive live, and the same with the server killed on the way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hydrated } from '../harness/browser.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { ANSWERS, example, planImport } from '../seed.mjs';
import { assertSameDocument, assertStory, freshness, main, markDocument, phase, story, tableRows, title, words } from './face.mjs';

const scene = openScene();

/** From the click on "Propose change" until the observed column is as the desired one. */
const PROMISED_MS = 20_000;

/** What a pool or an agent may say before it is settled. */
const ON_ITS_WAY = /Being created|of \d+ VMs|Not ready|Settings differ|Agents starting|^Starting$/;

const POOL = 'backend-pool';
const GROUP = `genesis-pool-${POOL}`;

function settings(page) {
  return main(page).getByRole('region', { name: 'Settings' });
}

/** Every state that this document ever shows, however soon it shows another one. */
async function rememberStates(page) {
  await page.evaluate(() => {
    window.states = new Set();
    const look = () => {
      for (const state of document.querySelectorAll('main [data-s]')) window.states.add(state.textContent.trim());
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

/** The pool's instances as its page shows them: name, agent, VM, heartbeat, zone. */
async function instances(page) {
  const region = main(page).getByRole('region', { name: /^\d+ instances?$/ });
  return tableRows(region);
}

async function observedEqualsDesired(page) {
  const rows = await tableRows(settings(page));
  const differing = rows.filter(([, desired, observed]) => desired !== observed);
  assert.deepEqual(differing, [], 'the observed column differs from the desired one');
  assert.ok(rows.length >= 6, `only ${rows.length} settings are shown`);
  assert.ok(await settings(page).getByText(/^\d+ more settings, all as declared$/).isVisible(), 'the others are folded');
  return rows;
}

/** What Compute Engine answers to a list, by the emulator's own address. */
async function listed(path) {
  const answer = await fetch(`${scene.stack.emulator}/compute/v1/projects/genesis-project-dev/${path}`);
  assert.equal(answer.status, 200, path);
  return (await answer.json()).items ?? [];
}

test('a pasted module block becomes agents that live, and no page is reloaded on the way', async () => {
  const { page, tab } = await scene.visitor();

  await page.goto('/');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: /^Mara\b/ }).click();
  await page.waitForURL((url) => url.pathname === '/');
  assert.equal(await title(page).innerText(), 'Fleet');
  await main(page).getByText('No fleet is declared yet.').waitFor();

  await main(page).getByRole('link', { name: 'Import from Terraform' }).click();
  await page.waitForURL('**/import');
  await page.getByLabel('Module block').fill(await example('basic.tf'));
  await page.getByRole('button', { name: 'Plan', exact: true }).click();

  const missing = main(page).getByRole('region', { name: '2 values that only Terraform knows' });
  await missing.waitFor();
  const asked = await missing.getByRole('textbox').all();
  assert.equal(asked.length, 2, 'exactly two values are asked for');
  for (const [reference, answer] of Object.entries(ANSWERS)) await missing.getByLabel(reference, { exact: true }).fill(answer);
  await page.getByRole('button', { name: 'Plan with these values' }).click();

  const impact = main(page).getByRole('region', { name: 'Impact' });
  await impact.waitFor();
  assert.match(await words(impact), /VMs created 2 1 in us-central1-a, 1 in us-central1-b VMs replaced 0 VMs deleted 0 /);
  await main(page).getByRole('region', { name: 'Plan for dev: 7 actions' }).waitFor();
  const notes = await words(main(page).getByRole('region', { name: 'What the plan decided by itself' }));
  for (const attribute of ['agent_pools[0].max_surge', 'agent_vm_templates[1].name', 'disk_encryption_key']) {
    assert.ok(notes.includes(attribute), `no note on ${attribute} in: ${notes}`);
  }

  // A second tab waits where the pool will appear.
  const watching = await tab();
  await watching.goto('/pools');
  await hydrated(watching);
  await freshness(watching).getByText('Live').waitFor();
  await main(watching).getByText('No pool is declared yet.').waitFor();
  await markDocument(watching);
  await rememberStates(watching);

  await page.getByLabel('Reason, shown to all').fill('The first fleet');
  const proposed = Date.now();
  await page.getByRole('button', { name: 'Propose change' }).click();

  await main(watching).getByRole('link', { name: POOL }).click();
  await title(watching).getByText(POOL, { exact: true }).waitFor();
  const rows = await until(
    'observed equals desired, and both VMs run',
    async () => {
      const instancesNow = await instances(watching);
      const settled = await observedEqualsDesired(watching);
      assert.deepEqual(instancesNow.map(([, , vm]) => vm), ['Running', 'Running']);
      return settled;
    },
    { within: PROMISED_MS, every: 50 },
  );
  const took = Date.now() - proposed;
  assert.ok(took <= PROMISED_MS, `observed equals desired only ${took} ms after proposing`);
  assert.deepEqual(rows.find(([name]) => name === 'Size'), ['Size', '2', '2']);
  await until('both agents are healthy', async () => {
    const agents = (await instances(watching)).map(([, agent]) => agent);
    assert.deepEqual(agents, ['Healthy', 'Healthy']);
  });
  const seen = await watching.evaluate(() => [...window.states]);
  assert.ok(seen.some((state) => ON_ITS_WAY.test(state)), `nothing was seen on its way: ${seen.join(', ')}`);
  await assertSameDocument(watching);

  // The change's page, which nobody touched since it was proposed.
  assert.equal(new URL(page.url()).pathname, '/changes/chg-1');
  await main(page).getByText('Applied', { exact: true }).first().waitFor();
  for (const [name, said] of [
    ['Proposed', /by Mara/],
    ['Plan', /creates 7 resources/],
    ['Policy', /needs nobody's approval/],
    ['Cost', /\+\$\d[\d,.]* a month prices of \d/],
    ['Approvals', /none needed/],
    ['Apply', /7 of 7 calls done/],
    ['Verify', /observed equals desired, \d+ s after it was proposed/],
  ]) {
    assert.match(await words(phase(page, name)), said, name);
  }
  assert.match(await words(phase(page, 'Policy')), /development environment/i);
  assert.match(await words(phase(page, 'Proposed')), /The first fleet/);

  // An agent's heartbeats arrive while one looks.
  const [[name]] = await instances(watching);
  await main(watching).getByRole('link', { name }).click();
  await title(watching).getByText(name, { exact: true }).waitFor();
  const spoken = async () => {
    const said = await words(main(watching).getByRole('region', { name: 'Agent, as it says of itself' }));
    return Number(/number (\d+)/.exec(said)?.[1]);
  };
  const first = await until('the agent has spoken', async () => (await spoken()) || false);
  const heartbeat = until('another heartbeat arrives', async () => (await spoken()) > first, { within: 40_000 });

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Fleet' }).click();
  await main(page).getByRole('region', { name: '2 agents in 1 pool' }).waitFor();
  await main(page).getByText('Both agents are healthy.').waitFor();
  assert.match(await main(page).getByRole('link', { name: 'New pool' }).getAttribute('href'), /^\/pools\/new/);
  const grid = main(page).getByRole('group', { name: 'Agents by pool and zone' });
  assert.equal(await grid.getByRole('img', { name: '1 healthy', exact: true }).count(), 2, 'two blocks of one healthy agent');
  assert.equal(await grid.getByRole('img').count(), 2);
  assert.deepEqual((await tableRows(grid)).map(([pool, agents]) => [pool, agents]), [[POOL, '2']]);
  await main(page).getByText('Show the same as a table of counts').click();
  const counts = await tableRows(main(page).getByRole('group', { name: 'Counts by pool' }));
  assert.deepEqual(counts, [[POOL, '2', '0', '0', '0', '0', '0', '0']]);
  assert.equal(await words(main(page).getByRole('link', { name: /Healthy/ })), '2 Healthy');

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit' }).click();
  await title(page).getByText('Audit', { exact: true }).waitFor();
  const told = await until('the audit log is shown', async () => {
    const sentences = await story(page);
    return sentences.length > 0 && sentences;
  });
  assertStory(told, [
    /Mara proposed chg-1/,
    /cleared chg-1 to run/,
    /started to apply chg-1/,
    /began to create health check/,
    /created health check/,
    /began to create instance group genesis-pool-backend-pool/,
    /created instance group genesis-pool-backend-pool/,
    /agent-backend-pool-\S+ enrolled in /,
  ]);
  assertStory(told, [/created autoscaler/, /finished chg-1/]);
  assert.equal(told.filter((sentence) => /enrolled/.test(sentence)).length, 2, 'each agent enrols once');
  // Who signs in does so to no environment: the log of all tells it.
  await page.goto('/audit');
  assertStory(await story(page), [/Mara signed in/, /Mara proposed chg-1/]);

  await heartbeat;
  await assertSameDocument(watching);
});

test('a server killed right after a proposal finishes it when it is started again, exactly once', async () => {
  // Without scripts a page is there as soon as its bytes are.
  const { page } = await scene.visitor({ scripts: false });
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: /^Mara\b/ }).click();
  await page.waitForURL((url) => url.pathname === '/');

  const grown = (await example('basic.tf')).replace(
    /agent_pools = \[/,
    `agent_pools = [
    {
      name          = "platform-pool"
      agent_type    = "platform-engineer"
      template_name = "platform-eng"
      target_size   = 3
    },`,
  );
  await planImport(page, grown);
  const impact = main(page).getByRole('region', { name: 'Impact' });
  assert.match(await words(impact), /VMs created 3 1 in each of 3 zones/);
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\/chg-2$/, { waitUntil: 'commit' });
  await page.goto('about:blank');
  await scene.stack.order('kill', 'server');
  const killed = Date.now();
  await scene.stack.order('start', 'server');

  const finished = await until('the change is applied', async () => {
    await page.goto('/changes/chg-2');
    await main(page).getByText('Applied', { exact: true }).first().waitFor({ timeout: 1_000 });
    return page.goto('/audit').then(() => story(page));
  }, { within: 60_000 });
  // Times on the page are in whole seconds.
  const last = main(page).getByRole('listitem').filter({ hasText: 'finished chg-2' }).getByRole('time').first();
  const at = Date.parse(await last.getAttribute('title'));
  assert.ok(at >= Math.floor(killed / 1000) * 1000, 'the change was finished before the server was killed: nothing was tried');

  const created = ['health check', 'instance group'].map((noun) => `created ${noun} genesis-pool-platform-pool`);
  assertStory(finished, [/Mara proposed chg-2/, /started to apply chg-2/, ...created.map((what) => new RegExp(what)), /finished chg-2/]);
  for (const what of [...created, 'started to apply chg-2', 'finished chg-2', 'proposed chg-2']) {
    assert.equal(finished.filter((sentence) => sentence.includes(what)).length, 1, `"${what}" is told once`);
  }

  const inserts = [...(await listed('global/operations')), ...(await listed('regions/us-central1/operations'))]
    .filter(({ operationType }) => /insert/i.test(operationType))
    .map(({ targetLink }) => targetLink);
  assert.equal(new Set(inserts).size, inserts.length, `something was made twice: ${inserts.join('\n')}`);
  const groups = await listed('regions/us-central1/instanceGroupManagers');
  assert.deepEqual(groups.map(({ name }) => name).sort(), [GROUP, 'genesis-pool-platform-pool']);

  await until('all five agents live, those from before the kill among them', async () => {
    await page.goto('/');
    await main(page).getByText('All 5 agents are healthy.').waitFor({ timeout: 1_000 });
  });
  await page.goto('/pools/dev/platform-pool');
  await observedEqualsDesired(page);
});
