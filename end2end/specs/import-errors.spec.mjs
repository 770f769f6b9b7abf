// What an import says of texts that cannot be read, planned or proposed, and that none of it leaves a trace.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fault } from '../harness/emulator.mjs';
import { openScene } from '../harness/scene.mjs';
import { example, planImport } from '../seed.mjs';
import { main, phase, story, words } from './face.mjs';

const scene = openScene();

/** `examples/basic.tf` with its references filled in, and one thing replaced. */
async function basic(from, to) {
  const text = (await example('basic.tf'))
    .replace('module.networking.vpc_id', '"projects/genesis-project-dev/global/networks/agents"')
    .replace('module.networking.subnet_id', '"projects/genesis-project-dev/regions/us-central1/subnetworks/agents"');
  assert.ok(text.includes(from), `the example has no ${from}`);
  return text.replace(from, to);
}

async function paste(page, text, button = 'Plan') {
  await page.goto('/import');
  await page.getByLabel('Module block').fill(text);
  await page.getByRole('button', { name: button, exact: true }).click();
}

let session;

/** Texts are read on the server: most of these tests need no scripts, and run as fast as it answers. She signs in once. */
async function mara({ scripts = false } = {}) {
  if (session) return scene.visitor({ scripts, state: session });
  const person = await scene.person('Mara', { scripts });
  session = await person.context.storageState();
  return person;
}

async function assertNothingStored(page) {
  await page.goto('/changes');
  await main(page).getByText('Nothing was proposed yet').waitFor();
  await page.goto('/audit');
  const told = (await story(page)).filter((sentence) => !/signed (in|out)|Configuration set roster/.test(sentence));
  assert.deepEqual(told, [], 'the audit log tells of more than sign-ins and the roster of the configuration');
}

test('a malformed text is answered with file, line, column and the line, and comes back to be mended', async () => {
  const { page } = await mara();
  const broken = await basic('target_size   = 2', 'target_size   = = 2');
  await paste(page, broken);
  const mistakes = main(page).getByRole('alert', { name: /^The text cannot be read: 1 mistake$/ });
  const line = broken.split('\n').findIndex((text) => text.includes('= = 2')) + 1;
  const place = new RegExp(`main\\.tf, line ${line}, column \\d+`);
  assert.match(await words(mistakes), place);
  const source = mistakes.getByRole('group', { name: place });
  assert.match(await words(source), new RegExp(`^${line} .*target_size = = 2`));
  assert.match(await words(mistakes), /Nothing was stored\./);
  assert.equal(await page.getByLabel('Text', { exact: true }).inputValue(), broken, 'the text as it was pasted');
  assert.equal(await page.getByRole('button', { name: 'Propose change' }).count(), 0);

  // Mended in place, it plans.
  await page.getByLabel('Text', { exact: true }).fill(await basic('target_size   = 2', 'target_size   = 3'));
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs created 3 1 in each of 3 zones/);
  await assertNothingStored(page);
});

test('an attribute that does not exist is named with the one that was meant', async () => {
  const { page } = await mara();
  await paste(page, await basic('target_size   = 2', 'target_sise   = 2'));
  const mistakes = await words(main(page).getByRole('alert', { name: /^The text cannot be read/ }));
  assert.match(mistakes, /agent_pools\[0\]/);
  assert.match(mistakes, /target_sise/);
  assert.match(mistakes, /`?target_size`?/);
  assert.match(mistakes, /main\.tf, line \d+, column \d+/);
});

test('a form without a text says what to do', async () => {
  const { page, forgive } = await mara();
  forgive(/status of 422/);
  await page.goto('/import');
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  assert.equal((await answer).status(), 422);
  await main(page).getByRole('alert').filter({ hasText: 'paste a module block, or choose a file' }).waitFor();
});

for (const [what, from, to, attribute, message] of [
  ['max_surge below the number of zones', 'max_replicas  = 5', 'max_replicas  = 5\n      max_surge = 1', 'agent_pools[0].max_surge', /3/],
  [
    'confidential computing on a family without it',
    'machine_type = "e2-standard-2"',
    'machine_type = "e2-standard-2"\n      enable_confidential_compute = true',
    'agent_vm_templates[0].enable_confidential_compute',
    /no confidential VMs/,
  ],
  ['an autoscaler whose bounds cross', 'min_replicas  = 1', 'min_replicas  = 9', 'agent_pools[0].min_replicas', /5/],
]) {
  test(`${what}: the attribute is named, and it cannot be proposed`, async () => {
    const { page } = await mara();
    await paste(page, await basic(from, to));
    const violations = main(page).getByRole('alert', { name: /^Compute Engine would refuse this: \d+ rules?$/ });
    const broken = violations.getByRole('listitem').filter({ hasText: attribute });
    assert.match(await words(broken.first()), message);
    const propose = main(page).getByRole('button', { name: 'Propose change' });
    assert.equal(await propose.getAttribute('aria-disabled'), 'true');
    assert.equal(await propose.getAttribute('type'), 'button', 'it submits nothing');
    assert.match(await words(main(page).getByRole('region', { name: 'Propose it' })), /broken\. Mend the text and plan again\./);
    });
}

test('a plan with violations is not taken when its proposal is forced', async () => {
  const { page, forgive } = await mara({ scripts: true });
  await paste(page, await basic('max_replicas  = 5', 'max_replicas  = 5\n      max_surge = 1'));
  const propose = main(page).getByRole('button', { name: 'Propose change' });
  await propose.waitFor();
  forgive(/status of 422/);
  const answer = page.waitForResponse((response) => response.request().method() === 'POST' && response.url().endsWith('/import'));
  await propose.evaluate((button) => {
    const forced = document.createElement('button');
    Object.assign(forced, { type: 'submit', name: 'intent', value: 'propose' });
    button.closest('form').append(forced);
    forced.click();
  });
  assert.equal((await answer).status(), 422);
  await main(page).getByRole('alert').filter({ hasText: /max_surge/ }).first().waitFor();
});

test('a file that is no text is named and left out, and what was typed stays', async () => {
  const { page, forgive } = await mara();
  await paste(page, await basic('target_size   = 2', 'target_size   = = 2'));
  const mended = await basic('target_size   = 2', 'target_size   = 3');
  await page.getByLabel('Text', { exact: true }).fill(mended);
  const image = { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]) };
  await page.getByLabel('Add files').setInputFiles([image]);
  forgive(/status of 422/);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await main(page).getByRole('alert').filter({ hasText: 'notes.png is not UTF-8 text and was left out.' }).waitFor();
  assert.equal(await page.getByLabel('Text', { exact: true }).inputValue(), mended, 'the text as it was mended');
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs created 3/);
});

test('a value that was given and does not fit stays, to be mended', async () => {
  const { page } = await mara();
  await paste(page, await basic('target_size   = 2', 'target_size   = var.n'));
  const missing = main(page).getByRole('region', { name: '1 value that only Terraform knows' });
  await missing.getByLabel('var.n', { exact: true }).fill('abc');
  await page.getByRole('button', { name: 'Plan with these values' }).click();
  const mistakes = main(page).getByRole('alert', { name: /^The text cannot be read/ });
  assert.match(await words(mistakes), /Mend the text or the values below and plan again\./);
  const given = main(page).getByRole('region', { name: 'Values you gave' }).getByLabel('var.n', { exact: true });
  assert.equal(await given.inputValue(), 'abc');
  await given.fill('3');
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs created 3/);
});

test('a plan that could not be made is asked for again with all that was typed', async () => {
  const { page, forgive } = await mara();
  await paste(page, await basic('target_size   = 2', 'target_size   = var.n'));
  await main(page).getByLabel('var.n', { exact: true }).fill('3');
  const mend = await fault(scene.stack, 'http', { status: 403, path: 'genesis-project-dev' });
  forgive(/status of \d{3}/);
  await page.getByRole('button', { name: 'Plan with these values' }).click();
  const failed = main(page).getByRole('alert', { name: 'The plan could not be made' });
  await failed.waitFor();
  await mend();
  await failed.getByRole('button', { name: 'Plan again' }).click();
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs created 3/);
});

test('a file with a long name is no wider than the page', async () => {
  const { page } = await mara({ scripts: true });
  const file = { name: `${'network'.repeat(30)}.tf`, mimeType: 'text/plain', buffer: Buffer.from(await basic('target_size   = 2', 'target_size   = 3')) };
  await page.goto('/import');
  await page.getByLabel('Or choose files').setInputFiles([file]);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await main(page).getByRole('region', { name: 'Impact' }).waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page is wider than the window');
});

test('of several modules one is chosen', async () => {
  const { page } = await mara();
  const one = await basic('module "vm_management"', 'module "first"');
  const two = (await basic('module "vm_management"', 'module "second"')).replace('target_size   = 2', 'target_size   = 4');
  await paste(page, `${one}\n${two}`);
  const choice = main(page).getByRole('region', { name: 'The text declares 2 modules' });
  await choice.getByRole('radio').nth(1).waitFor();
  assert.equal(await choice.getByRole('radio').count(), 2);
  await choice.getByLabel(/second/).check();
  await page.getByRole('button', { name: 'Plan this module' }).click();
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs created 4/);
});

test('the production example asks for its network, and then for the template that it names', async () => {
  const { page } = await mara();
  const text = await example('production.tf');
  await paste(page, text);
  const missing = main(page).getByRole('region', { name: '2 values that only Terraform knows' });
  await missing.getByLabel('network_id').fill('projects/genesis-project-prod/global/networks/agents');
  await missing.getByLabel('subnet_id').fill('projects/genesis-project-prod/regions/us-central1/subnetworks/agents');
  await page.getByRole('button', { name: 'Plan with these values' }).click();
  const violations = main(page).getByRole('alert', { name: /^Compute Engine would refuse this/ });
  const template = violations.getByRole('listitem').filter({ hasText: 'agent_pools[0].template_name' });
  assert.match(await words(template), /backend-prod/);
});

for (const scripts of [true, false]) {
  test(`files are uploaded instead of pasted, with the values of their variables, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { page } = await mara({ scripts });
    const module = await basic('target_size   = 2', 'target_size   = var.pool_size');
    const file = (name, text) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
    await page.goto('/import');
    await page.getByLabel('Or choose files').setInputFiles([
      file('main.tf', `variable "pool_size" {\n  type = number\n}\n\n${module}`),
      file('terraform.tfvars', 'pool_size = 3\n'),
    ]);
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    const impact = main(page).getByRole('region', { name: 'Impact' });
    assert.match(await words(impact), /VMs created 3 1 in each of 3 zones/, 'the size is the one of the second file');
    const sources = main(page).getByRole('region', { name: 'Terraform', exact: true });
    assert.match(await words(sources), /main\.tf\s*\d+ lines.*terraform\.tfvars\s*1 line/, 'both come back to be mended');
    await assertNothingStored(page);
  });
}

test('none of all this left a trace', async () => {
  const { page } = await mara();
  await assertNothingStored(page);
});

test('a production environment stops at awaiting approvals, and can be cancelled', async () => {
  const { page, forgive } = await mara();
  const text = (await example('production.tf')).replace(
    'environment = "prod"',
    `environment = "prod"
  zones       = ["us-central1-a", "us-central1-b", "us-central1-c"]
  network_id  = "projects/genesis-project-prod/global/networks/agents"
  subnet_id   = "projects/genesis-project-prod/regions/us-central1/subnetworks/agents"
  agent_vm_templates = [{
    name         = "backend-prod"
    agent_type   = "backend-developer"
    machine_type = "e2-standard-2"
  }]`,
  );
  await planImport(page, text);
  // Who must agree is said before it is proposed, and the digests are those that the change will have.
  const foreseen = await words(main(page).getByRole('region', { name: 'Propose it' }));
  assert.match(foreseen, /Prod is guarded: 2 of sre and 1 of security must approve, none of them its author/);
  assert.doesNotMatch(foreseen, /not ended/);
  const [, plan, declaration] = /Plan ((?:[0-9A-F]{4} ){16})Declaration ((?:[0-9A-F]{4} ){15}[0-9A-F]{4})/.exec(foreseen);
  await page.getByLabel('Reason, shown to all').fill('Production, at last');
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\/chg-\d+$/);
  await main(page).getByText('Waits for approval', { exact: true }).waitFor();
  assert.match(await words(phase(page, 'Policy')), /asks for 2 of sre and 1 of security/);
  assert.match(await words(phase(page, 'Approvals')), /0 of \d/);
  assert.match(await words(phase(page, 'Apply')), /starts by itself once approved/);
  const change = new URL(page.url()).pathname;
  const shown = await words(main(page));
  assert.ok(shown.includes(`Plan of revision 1 ${plan}Declaration of revision 1 ${declaration}`), `${plan}is not in ${shown}`);

  // An edit that was sent empty still is the edit of this change.
  forgive(/status of 422/);
  await page.getByRole('link', { name: 'Edit by import' }).click();
  await page.waitForURL(/revises=/);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await main(page).getByRole('alert').filter({ hasText: 'paste a module block' }).waitFor();
  await page.getByLabel('Module block').fill(text);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await page.getByRole('button', { name: 'Edit change' }).waitFor();
  assert.match(await words(main(page)), new RegExp(`This edits ${change.split('/').at(-1)}: it becomes revision 2`));
  assert.equal(await page.getByRole('button', { name: 'Propose change' }).count(), 0);
  assert.doesNotMatch(await words(main(page).getByRole('region', { name: 'Make it the next revision' })), /not ended/);

  // Planned anew, it is told that this one waits.
  await planImport(page, text);
  const propose = main(page).getByRole('region', { name: 'Propose it' });
  assert.match(await words(propose), /1 change of prod has not ended: chg-\d+ .* Waits for approval/);
  assert.equal(await propose.getByRole('link', { name: /^chg-/ }).getAttribute('href'), change);

  await page.goto('/pools');
  await main(page).getByText('No pool is declared yet.').waitFor();
  await page.goto(change);
  await page.getByRole('button', { name: 'Cancel change' }).click();
  await main(page).getByText('Cancelled', { exact: true }).first().waitFor();
  await page.goto('/audit');
  assert.match((await story(page)).at(-1), /Mara cancelled chg-/);
});
