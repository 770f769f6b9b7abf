// A production fleet from its first declaration to its last change: signed by three people each time, run, rolled by a canary,
// scaled, bereft of a zone, mended, deleted. Costs and audit tell the story afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hydrated } from '../harness/browser.mjs';
import { fault, listed, load, managed, resource } from '../harness/emulator.mjs';
import { registerPasskey } from '../harness/passkey.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { example, planImport } from '../seed.mjs';
import { assertSameDocument, assertStory, freshness, main, markDocument, phase, story, tableRows, title, words } from './face.mjs';
import { applied, proposeReviewed, review, signature, vote } from './proposals.mjs';

const scene = openScene();

const POOL = '/pools/prod/prod-backend-pool';
const TEMPLATE = '/templates/prod/backend-prod';
const PROJECT = 'genesis-project-prod';
const GROUP = 'genesis-pool-prod-backend-pool';
const PLACE = { project: PROJECT, region: 'us-central1', group: GROUP };
/** The zone that falls silent, and the one that does for a while as well. */
const ZONE = 'us-central1-a';
const ANOTHER = 'us-central1-b';

/** VMs boot and agents speak within seconds; a heartbeat is due every ten. */
const SETTLES = { timeout: 90_000 };
/** Three heartbeats must be missed before silence is called so. */
const FALLS_SILENT = { timeout: 90_000 };
/** The brake rests for a minute after the agents are back. */
const LETS_GO = { timeout: 150_000 };

/** The manual's production example with what it leaves to the rest of a configuration: its network and its pool's template. */
async function production() {
  const text = await example('production.tf');
  const mended = text
    .replace(
      'environment = "prod"',
      `environment = "prod"
  zones       = ["us-central1-a", "us-central1-b", "us-central1-c"]
  network_id  = "projects/${PROJECT}/global/networks/agents"
  subnet_id   = "projects/${PROJECT}/regions/us-central1/subnetworks/agents"

  agent_vm_templates = [{
    name         = "backend-prod"
    agent_type   = "backend-developer"
    machine_type = "e2-standard-4"
  }]`,
    )
    .replace('cpu_target    = 0.70', 'cpu_target    = 0.70\n      min_ready_sec = 5');
  assert.match(mended, /agent_vm_templates[^]*min_ready_sec/);
  return mended;
}

async function open(page, path) {
  await page.goto(path);
  await hydrated(page);
}

/** All three of them sign the change; it is applied. */
async function clear(change, { wen, noor, ines }, reader) {
  for (const { page } of [wen, noor, ines]) await vote(page, change, 'Approve');
  await applied(reader, change);
}

/** Ids of the zone's VMs by their names. */
async function vms(zone) {
  const all = await listed(scene.stack, PROJECT, `zones/${zone}/instances`);
  return Object.fromEntries(all.map(({ name, id }) => [name, id]));
}

/** The whole log, oldest first: page after page, as a person leafs through it. */
async function wholeStory(page) {
  await open(page, '/audit');
  let told = await story(page);
  const older = main(page).getByRole('link', { name: 'Older' });
  while ((await older.count()) > 0) {
    const address = await older.getAttribute('href');
    await open(page, address);
    told = [...(await story(page)), ...told];
  }
  return told;
}

test('a production fleet is declared, signed, run, rolled, scaled, bereft of a zone, mended and deleted', async (t) => {
  const approver = async (name) => {
    const person = await scene.person(name);
    await registerPasskey(person);
    return person;
  };
  const [author, wen, noor, ines, mara] = await Promise.all([
    approver('Jonah'),
    approver('Wen'),
    approver('Noor'),
    approver('Ines'),
    scene.person('Mara'),
  ]);
  const people = { wen, noor, ines };
  const { page } = author;
  // Not a test of its own: after each of those everybody leaves.
  const chapter = async (name, tell) => {
    const began = Date.now();
    await tell().catch((error) => {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    });
    t.diagnostic(`${name}: ${Math.round((Date.now() - began) / 1000)} s`);
  };
  const changes = {};
  // Idle enough that the autoscaler stays at its lower bound.
  await load(scene.stack, PLACE, 0.2);

  await chapter('its author imports it, and it waits for three other people', async () => {
    await planImport(page, await production());
    changes.created = await proposeReviewed(page, 'The fleet of the production manual');
    await open(page, changes.created);
    await main(page).getByText('Waits for approval', { exact: true }).first().waitFor();
    assert.match(await words(phase(page, 'Policy')), /asks for 2 of sre and 1 of security/);
    assert.match(await words(phase(page, 'Approvals')), /sre 0 of 2, security 0 of 1/);
    // Nothing was there before, so that what it declares is folded below the steps, without a column that says none.
    const declares = phase(page, 'Plan').getByText(/^What it declares: \d+ fields$/);
    const table = phase(page, 'Plan').getByRole('table', { includeHidden: true }).filter({ hasText: 'max_replicas' });
    assert.equal(await main(page).getByText('What differs', { exact: true }).count(), 0);
    assert.equal(await table.isVisible(), false);
    await declares.click();
    assert.match(await words(table), /agent_pools\["prod-backend-pool"\] agent_type .*max_replicas 20/);
    assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), ['Field', 'Declared']);
    await declares.click();
    const own = signature(page).getByRole('button', { name: 'Approve', exact: true });
    assert.equal(await own.getAttribute('aria-disabled'), 'true');
    assert.match(await words(signature(page)), /You proposed or edited this change/);
  });

  await chapter('three passkeys sign it, and not before the third does anything happen', async () => {
    await vote(wen.page, changes.created, 'Approve', 'As the manual has it');
    await vote(noor.page, changes.created, 'Approve');
    await open(page, changes.created);
    assert.match(await words(phase(page, 'Approvals')), /sre 2 of 2, security 0 of 1/);
    await main(page).getByText('Waits for approval', { exact: true }).first().waitFor();
    assert.deepEqual(await listed(scene.stack, PROJECT, 'regions/us-central1/instanceGroupManagers'), []);
    await vote(ines.page, changes.created, 'Approve', 'Private ports only');
    await applied(page, changes.created);
    // What is over folds to a line.
    await phase(page, 'Approvals').getByRole('heading', { name: 'Approvals' }).click();
    await phase(page, 'Approvals').getByText('As the manual has it').waitFor();
    const told = await words(phase(page, 'Approvals'));
    for (const name of ['Wen', 'Noor', 'Ines']) assert.match(told, new RegExp(`${name} approved revision 1 at .* with a passkey`));
  });

  await chapter('it runs, and its agents are healthy', async () => {
    await open(page, POOL);
    await main(page).getByText('All 3 agents run and are healthy.').waitFor(SETTLES);
    const rows = await tableRows(main(page).getByRole('region', { name: '3 instances' }));
    assert.deepEqual(rows.map(([, agent, vm]) => `${agent}, ${vm}`), Array(3).fill('Healthy, Running'));
    assert.deepEqual(rows.map((row) => row[4]).sort(), ['us-central1-a', 'us-central1-b', 'us-central1-c']);
  });

  await chapter('its template gets a next version that touches no VM yet', async () => {
    await open(page, TEMPLATE);
    await main(page).getByRole('link', { name: 'Edit', exact: true }).click();
    await page.waitForURL(`**${TEMPLATE}/edit`);
    await page.getByLabel('Pools that use it').selectOption('Stay on the version that they run');
    await page.getByLabel('Boot disk').fill('64');
    await review(page);
    assert.match(await words(main(page).getByRole('region', { name: 'What differs' })), /disk_size_gb none 64/);
    await main(page).getByText('It touches no VM.').waitFor();
    changes.staged = await proposeReviewed(page, 'Builds need room');
    // Whoever signs it sees the field too, though no step comes of it.
    await open(wen.page, changes.staged);
    const declared = phase(wen.page, 'Plan').getByRole('region', { name: 'What differs' });
    assert.match(await words(declared), /agent_vm_templates\["backend-prod"\] .*disk_size_gb none 64/);
    await clear(changes.staged, people, page);
    await open(page, TEMPLATE);
    await main(page).getByText('0 of 3 VMs run v2, the declared version; 3 run another.').waitFor();
  });

  const square = (version) => main(page).getByRole('link', { name: new RegExp(`· backend-prod ${version} · healthy$`) });

  await chapter('one VM tries it', async () => {
    await open(page, `${POOL}/rollout`);
    await main(page).getByRole('link', { name: 'Change template' }).click();
    await page.waitForURL(`**${POOL}/version`);
    await page.getByLabel('Version', { exact: true }).selectOption('backend-prod, as it is declared (v2)');
    await page.getByLabel('How', { exact: true }).selectOption('A canary first');
    await page.getByLabel('VMs of the canary').fill('1');
    await review(page);
    assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs replaced 1 .*Lowest capacity 3 of 3/);
    changes.tried = await proposeReviewed(page, 'One first', 'Change template');
    await clear(changes.tried, people, page);
    await until('one VM of three tries the next version', async () => {
      await open(page, `${POOL}/rollout`);
      await main(page).getByText('1 of 3 VMs try backend-prod v2.').waitFor({ timeout: 1_000 });
    });
    assert.deepEqual([await square('v2').count(), await square('v1').count()], [1, 2]);
  });

  await chapter('the canary served long enough, and all follow it', async () => {
    // The page stays as it is: it counts down, and asks again when the time has come.
    const promote = main(page).getByRole('link', { name: 'Promote canary' });
    await promote.waitFor(SETTLES);
    await promote.click();
    await page.waitForURL(`**${POOL}/promote`);
    changes.promoted = await proposeReviewed(page, 'It builds', 'Promote canary');
    await clear(changes.promoted, people, page);
    await until('all VMs run the next version', async () => {
      await open(page, `${POOL}/rollout`);
      await main(page).getByText('All 3 VMs run backend-prod v2.').waitFor({ timeout: 1_000 });
    });
    assert.deepEqual([await square('v2').count(), await square('v1').count()], [3, 0]);
  });

  await chapter('it is scaled to nine, by the bounds of its autoscaler', async () => {
    await open(page, `${POOL}/autoscaling`);
    await main(page).getByRole('complementary', { name: 'Why and how' }).getByRole('link', { name: 'Edit' }).click();
    await page.waitForURL(`**${POOL}/autoscaling/edit`);
    await page.getByRole('group', { name: 'Size' }).getByLabel('At least').fill('9');
    await review(page);
    changes.scaled = await proposeReviewed(page, 'The launch is tomorrow');
    await clear(changes.scaled, people, page);
    await open(page, POOL);
    await main(page).getByText('All 9 agents run and are healthy.').waitFor(SETTLES);
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(async (letter) => Object.keys(await vms(`us-central1-${letter}`)).length)), [3, 3, 3]);
  });

  const mends = [];
  const incident = (of, zone = ZONE) =>
    main(of)
      .getByRole('region', { name: /^Incident inc-\d+$/ })
      .filter({ hasText: `3 of 3 agents of zone ${zone} fail together: 3 silent` });

  await chapter('a zone falls silent: the brake holds and says why', async () => {
    await open(page, '/');
    await freshness(page).getByText('Live', { exact: true }).waitFor();
    await markDocument(page);
    await open(mara.page, '/alerts');
    await freshness(mara.page).getByText('Live', { exact: true }).waitFor();
    assert.doesNotMatch(await words(main(mara.page)), /fails? together/, 'until now the brake had no reason');
    await markDocument(mara.page);

    mends.push(await fault(scene.stack, 'agent', { state: 'silent', project: PROJECT, zone: ZONE }));
    await main(page).getByRole('img', { name: '3 silent', exact: true }).waitFor(FALLS_SILENT);
    assert.equal(await main(page).getByRole('img', { name: '3 healthy', exact: true }).count(), 2, 'the other zones are well');
    await assertSameDocument(page);

    await incident(mara.page).waitFor(FALLS_SILENT);
    await incident(mara.page).getByText('Healing of 1 group and all changes are held.').waitFor();
    const why = await words(incident(mara.page));
    assert.match(why, /More than 30 % of a part with at least 3 failing agents has one cause that no new VM mends\./);
    assert.match(why, new RegExp(`Healing of ${GROUP} is held, and so are changes of prod`));
    await assertSameDocument(mara.page);
    await open(page, POOL);
    const line = main(page).getByRole('region', { name: /^Open incident inc-\d+$/ }).filter({ hasText: `zone ${ZONE}` });
    assert.match(await words(line), /Healing of 1 group and all changes are held\./);
  });

  await chapter('its agents die as well, and no VM is made anew', async () => {
    const before = await vms(ZONE);
    mends.push(await fault(scene.stack, 'agent', { state: 'crash', project: PROJECT, zone: ZONE }));
    const ill = async () => (await managed(scene.stack, PLACE)).filter(({ instanceHealth }) => instanceHealth?.[0]?.detailedHealthState === 'UNHEALTHY');
    await until('their health checks fail', async () => (await ill()).length === 3, { within: 90_000 });
    // Unheld, the group would begin in the very moment; two seconds are forty of its own.
    await page.waitForTimeout(2_000);
    assert.deepEqual((await ill()).map(({ currentAction }) => currentAction), ['NONE', 'NONE', 'NONE']);
    assert.deepEqual(await vms(ZONE), before, 'the same VMs');
  });

  await chapter('another zone falls silent while somebody writes a reason, which stays where it was written', async () => {
    const reason = (of) => of.getByLabel('Why healing may go on');
    const own = reason(incident(mara.page));
    await own.fill('The zone is given up');
    const mend = await fault(scene.stack, 'agent', { state: 'silent', project: PROJECT, zone: ANOTHER });
    const other = incident(mara.page, ANOTHER);
    await other.waitFor(FALLS_SILENT);
    assert.deepEqual([await own.inputValue(), await reason(other).inputValue()], ['The zone is given up', '']);
    assert.ok(await own.evaluate((field) => field === document.activeElement), 'who writes can go on');
    await assertSameDocument(mara.page);
    await mend();
  });

  await chapter('it recovers: the brake is let go and healing goes on', async () => {
    await Promise.all(mends.splice(0).map((mend) => mend()));
    await main(page).getByText('All 9 agents run and are healthy.').waitFor(SETTLES);
    const ended = main(mara.page).getByRole('region', { name: 'Incidents that ended' }).getByRole('listitem').filter({ hasText: `zone ${ZONE}` });
    await ended.waitFor(LETS_GO);
    assert.match(await words(ended), /At most 15 % failed for 60 s/);
    await assertSameDocument(mara.page);
    await until('the group heals again', async () => {
      const { instanceLifecyclePolicy } = await resource(scene.stack, PROJECT, `regions/us-central1/instanceGroupManagers/${GROUP}`);
      return instanceLifecyclePolicy.defaultActionOnFailure === 'REPAIR';
    });
  });

  await chapter('it is deleted by another change, and not before the third signature', async () => {
    await open(page, POOL);
    await main(page).getByRole('link', { name: 'Delete', exact: true }).click();
    await page.waitForURL(`**${POOL}/delete`);
    await main(page).getByText('Its 9 VMs and their disks are deleted for good, workspaces included.').waitFor();
    await page.getByLabel('Name of the pool').fill('prod-backend-pool');
    changes.deleted = await proposeReviewed(page, 'The launch is over', 'Delete pool');
    await vote(wen.page, changes.deleted, 'Approve');
    await vote(noor.page, changes.deleted, 'Approve');
    assert.equal((await managed(scene.stack, PLACE)).length, 9);
    await vote(ines.page, changes.deleted, 'Approve');
    await applied(page, changes.deleted);
    await open(page, '/pools?environment=prod');
    await main(page).getByText('No pool is declared yet.').waitFor();
    assert.deepEqual(await listed(scene.stack, PROJECT, 'regions/us-central1/instanceGroupManagers'), []);
  });

  const vera = await scene.person('Vera');

  await chapter('costs remember what it was', async () => {
    await until('something was spent, and nothing runs any more', async () => {
      await open(vera.page, '/costs?environment=prod');
      const [row] = await tableRows(main(vera.page).getByRole('group', { name: 'By pool' }));
      assert.match(row[0], /^prod-backend-pool\b/);
      assert.match(row[1], /^\$\d+\.\d\d$/);
      assert.ok(Number(row[1].slice(1)) > 0, `${row[1]} was spent`);
      assert.equal(row[5], '0');
    });
  });

  await chapter('the log tells it all, in order', async () => {
    const told = await wholeStory(vera.page);
    const of = (change) => {
      const id = change.split('/').at(-1);
      return [
        new RegExp(`Jonah proposed ${id}\\b`),
        new RegExp(`Wen approved ${id}\\b`),
        new RegExp(`Noor approved ${id}\\b`),
        new RegExp(`Ines approved ${id}\\b`),
        new RegExp(`cleared ${id} to run`),
        new RegExp(`started to apply ${id}\\b`),
        new RegExp(`finished ${id}\\b`),
      ];
    };
    assertStory(told, [
      /Jonah signed in/,
      ...of(changes.created),
      ...of(changes.staged),
      ...of(changes.tried),
      ...of(changes.promoted),
      ...of(changes.scaled),
      /heard nothing more of agent-prod-backend-pool-/,
      new RegExp(`opened inc-\\d+\\s*3 of 3 agents of zone ${ZONE} fail together`),
      new RegExp(`held the healing of ${GROUP}`),
      new RegExp(`closed inc-\\d+\\s*3 of 3 agents of zone ${ZONE} fail together: 3 silent: at most 15 % failed for 60 s`),
      new RegExp(`let ${GROUP} heal again`),
      ...of(changes.deleted),
    ]);
    assertStory(told, [new RegExp(`created instance group ${GROUP}`), /found agent-prod-backend-pool-\S+ well again/, new RegExp(`deleted instance group ${GROUP}`)]);
    for (const change of Object.values(changes)) {
      const id = change.split('/').at(-1);
      assert.equal(told.filter((sentence) => new RegExp(`(Wen|Noor|Ines) approved ${id}\\b`).test(sentence)).length, 3, `${id} has three signatures`);
    }
  });
});
