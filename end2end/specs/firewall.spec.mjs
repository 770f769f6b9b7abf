// Firewall: who can reach what, asked and changed; with scripts and without.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { main, tableRows, title, words } from './face.mjs';
import { applied, proposeReviewed, review } from './proposals.mjs';

const scene = openScene({ returns: true });
// The pool keeps its two VMs: one of them is a canary later on.
openFleet(scene, { rests: true });

function rules(page) {
  return tableRows(main(page).getByRole('group', { name: 'Firewall rules' }));
}

/** Proposes what was reviewed and waits until it is applied. */
async function propose(page, reason) {
  await page.getByLabel('Reason, shown to all').fill(reason);
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\/chg-\d+$/);
  const change = new URL(page.url()).pathname;
  await until(`${change} is applied`, async () => {
    await page.goto(change);
    await main(page).getByText('Applied', { exact: true }).first().waitFor({ timeout: 500 });
  });
  return change;
}

test('a what-if names the rule that decides, without a script', async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  await page.goto('/');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Firewall' }).click();
  assert.deepEqual((await rules(page)).map(([key]) => key), ['allow-agent-http', 'allow-agent-ssh']);
  const ask = async (from, to, port) => {
    await page.getByLabel('From').fill(from);
    await page.getByLabel('To', { exact: true }).fill(to);
    await page.getByLabel('Port').fill(port);
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.waitForLoadState();
  };
  const answer = () => words(main(page).getByRole('region', { name: 'Answer' }));
  await ask('10.0.0.7', 'backend-pool', '22');
  assert.match(await answer(), /Allowed: tcp 22 from 10\.0\.0\.7\/32 to pool backend-pool\. .* by rule allow-agent-ssh/);
  await ask('203.0.113.9', 'backend-pool', '22');
  assert.match(await answer(), /Denied: .* no rule allows it, so it is denied/);
  await ask('203.0.113.9', 'backend-pool', 'ssh');
  assert.match(await words(main(page).getByRole('region', { name: 'What if' })), /`ssh` is no port/);
});

test('a rule is created with what it opens in sight, edited, and deleted', async () => {
  const { page } = await scene.person('Mara');
  await page.goto('/firewall');
  await hydrated(page);
  await main(page).getByRole('link', { name: 'New rule' }).click();
  await page.waitForURL(/\/firewall\/new/);
  assert.equal(await title(page).innerText(), 'New firewall rule');
  await page.getByRole('textbox', { name: 'Key' }).fill('ssh-anywhere');
  await page.getByLabel('Priority').fill('500');
  await page.getByLabel('Protocols and ports').fill('tcp 22');
  await page.getByLabel(/^Target tags/).fill('agent-vm');
  await page.getByLabel('Source ranges: who calls').fill('0.0.0.0/0');
  await page.getByRole('button', { name: 'Review change' }).click();
  await page.getByRole('button', { name: 'Propose change' }).waitFor();
  const impact = main(page).getByRole('region', { name: 'Impact' });
  assert.match(await words(impact), /Newly allowed From all IPv4 but 10\.0\.0\.0\/8 to backend-pool tcp 22/);
  const created = await propose(page, 'A door for the night');
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /Newly allowed/, 'approvers see it too');

  await page.goto('/firewall/dev/ssh-anywhere');
  await main(page).getByText('In force').waitFor();
  assert.match(await words(main(page).locator('.lead')), /Allows tcp 22 from 0\.0\.0\.0\/0 to backend-pool\./);
  assert.match(await words(main(page).getByRole('region', { name: 'To look at' })), /Opens tcp 22 of backend-pool to the whole internet/i);
  assert.match(await words(main(page).getByRole('region', { name: 'Changes' })), new RegExp(created.split('/').at(-1)));
  await page.goto('/pools/dev/backend-pool/firewall');
  const effective = await rules(page);
  assert.equal(effective[0][0], 'ssh-anywhere', 'the first to decide stands first');
  assert.ok(effective.some((row) => row[0] === 'allow-agent-ssh' && row.includes('Decided before it')), JSON.stringify(effective));

  await page.goto('/firewall/dev/ssh-anywhere/edit');
  await hydrated(page);
  await page.getByLabel('Source ranges: who calls').fill('10.9.0.0/16');
  await page.getByRole('button', { name: 'Review change' }).click();
  await page.getByRole('button', { name: 'Propose change' }).waitFor();
  assert.match(await words(impact), /No longer allowed From all IPv4 but 10\.0\.0\.0\/8 to backend-pool tcp 22/);
  await propose(page, 'Shut it again');

  await page.goto('/firewall/dev/ssh-anywhere/delete');
  await propose(page, 'Not needed');
  await page.goto('/firewall');
  assert.deepEqual((await rules(page)).map(([key]) => key), ['allow-agent-http', 'allow-agent-ssh']);
});

test('a viewer is told who may add a rule', async () => {
  const { page } = await scene.person('Vera');
  await page.goto('/firewall');
  const opener = main(page).getByRole('button', { name: 'New rule' });
  assert.equal(await opener.getAttribute('aria-disabled'), 'true');
  assert.match(await words(main(page).locator('#new-rule-reason')), /takes the role operator or admin/);
});

test('what is refused stands beside its field', async () => {
  const { page, forgive } = await scene.person('Mara');
  forgive(/status of 422/);
  await page.goto('/firewall/new');
  await hydrated(page);
  await page.getByRole('textbox', { name: 'Key' }).fill('allow-agent-ssh');
  await page.getByLabel('Priority').fill('first');
  await page.getByRole('button', { name: 'Review change' }).click();
  await main(page).getByRole('alert').waitFor();
  assert.match(await words(main(page)), /`first` is no priority/);
  assert.equal(await page.getByRole('textbox', { name: 'Key' }).inputValue(), 'allow-agent-ssh', 'what was typed stays');
  await page.getByLabel('Priority').fill('900');
  await page.getByLabel('Protocols and ports').fill('tcp 22');
  await page.getByLabel('Source ranges: who calls').fill('10.0.0.0/8');
  await page.getByRole('button', { name: 'Review change' }).click();
  await main(page).getByRole('alert').waitFor();
  assert.match(await words(main(page)), /allow-agent-ssh is declared already/);
});

test('of two people who edit one rule, the slower sees the newer version beside what they typed, and goes on from there', async () => {
  const mara = await scene.person('Mara');
  const jonah = await scene.person('Jonah', { scripts: false });
  mara.forgive(/status of 412/);
  jonah.forgive(/status of 412/);
  const form = '/firewall/dev/allow-agent-http/edit';
  const type = async ({ page }, label, value) => {
    await page.goto(form);
    await hydrated(page);
    await page.getByLabel(label, { exact: true }).fill(value);
  };
  const carryOut = async ({ page }, reason, verb) => {
    const change = await proposeReviewed(page, reason, verb);
    await applied(page, change);
  };
  const newer = ({ page }) => main(page).getByRole('region', { name: 'The newer version' });
  const ON_TOP = /^Use my values on top of generation \d+$/;

  // Mara has only typed when Jonah's change is applied.
  await type(mara, 'Priority', '900');
  await type(jonah, 'Description', 'Doors of the agents');
  await review(jonah.page);
  await carryOut(jonah, 'Said in fewer words');
  await review(mara.page);
  assert.match(await words(main(mara.page).getByRole('alert')), /dev is at generation \d+ now, and the form was of generation \d+/i);
  assert.match(await words(newer(mara)), /You began with generation \d+ Field Generation \d+ Your values/);
  assert.deepEqual(await tableRows(newer(mara)), [
    ['description', 'Doors of the agents', 'Agent HTTP and metrics from the private network'],
    ['priority', '1000', '900'],
  ]);
  assert.equal(await mara.page.getByLabel('Priority', { exact: true }).inputValue(), '900', 'what was typed stays');
  await assertAccessible(mara.page);
  // She takes his words, and keeps her number.
  await mara.page.getByLabel('Description', { exact: true }).fill('Doors of the agents');
  await review(mara.page);
  assert.deepEqual(await tableRows(main(mara.page).getByRole('region', { name: 'What differs' })), [['priority', '1000', '900']]);

  // Jonah has reviewed when hers is applied, and has no scripts.
  await type(jonah, 'Priority', '950');
  await review(jonah.page);
  await carryOut(mara, 'Sooner');
  await jonah.page.getByRole('button', { name: 'Propose change' }).click();
  await newer(jonah).waitFor();
  assert.deepEqual(await tableRows(newer(jonah)), [['priority', '900', '950']]);
  await carryOut(jonah, 'Not that soon', ON_TOP);
  await jonah.page.goto('/firewall/dev/allow-agent-http/edit');
  assert.equal(await jonah.page.getByLabel('Priority', { exact: true }).inputValue(), '950');

  // Who would rather not go on begins anew with what is newer.
  await type(mara, 'Priority', '960');
  await type(jonah, 'Priority', '970');
  await review(jonah.page);
  await carryOut(jonah, 'Once more');
  await review(mara.page);
  await newer(mara).getByRole('link', { name: /^Begin anew with generation \d+$/ }).click();
  await newer(mara).waitFor({ state: 'detached' });
  await hydrated(mara.page);
  assert.equal(await mara.page.getByLabel('Priority', { exact: true }).inputValue(), '970');
});

test('a canary whose VMs carry another tag has rules of its own, and answers a what-if under its own name', async () => {
  const { page } = await scene.person('Mara');
  const open = async (path) => {
    await page.goto(path);
    await hydrated(page);
  };
  const carryOut = async (reason, verb) => {
    await review(page);
    const change = await proposeReviewed(page, reason, verb);
    await applied(page, change);
  };
  const canary = main(page).getByRole('region', { name: 'Canary', exact: true });

  // A door that no VM has yet, and a next version that has it.
  await open('/firewall/new');
  await page.getByRole('textbox', { name: 'Key' }).fill('door');
  await page.getByLabel('Priority').fill('500');
  await page.getByLabel('Protocols and ports').fill('tcp 22');
  await page.getByLabel(/^Target tags/).fill('door');
  await page.getByLabel('Source ranges: who calls').fill('192.0.2.0/24');
  await carryOut('For what comes next');
  await open('/templates/dev/backend-dev/edit');
  await page.getByLabel('Pools that use it').selectOption('Stay on the version that they run');
  await page.getByLabel('Additional network tags').fill('door');
  await carryOut('One tag more');
  await open('/pools/dev/backend-pool/firewall');
  await main(page).getByRole('region', { name: 'Rules of this pool' }).waitFor();
  assert.equal(await canary.count(), 0, 'without a canary there is one set of rules');

  await open('/pools/dev/backend-pool/version');
  await page.getByLabel('Version', { exact: true }).selectOption('backend-dev, as it is declared (v2)');
  await page.getByLabel('How', { exact: true }).selectOption('A canary first');
  await page.getByLabel('VMs of the canary').fill('1');
  await review(page);
  const impact = await words(main(page).getByRole('region', { name: 'Impact' }));
  assert.match(impact, /Newly allowed From 192\.0\.2\.0\/24 to backend-pool \(canary\) tcp 22/);
  await applied(page, await proposeReviewed(page, 'One behind the door first', 'Change template'));

  await until('the canary has rules of its own', async () => {
    await open('/pools/dev/backend-pool/firewall');
    await canary.waitFor({ timeout: 1_000 });
  });
  const said = await words(canary);
  assert.match(said, /It carries other tags than the pool's other VMs, so that other rules hold for it\./);
  assert.match(said, /Its canary's VMs carry [^.]*\bdoor\b/);
  const holding = (name) => tableRows(main(page).getByRole('group', { name, exact: true }));
  const [own, tried] = [await holding('Firewall rules'), await holding('Firewall rules of the canary')];
  const keys = (rows) => rows.map(([key]) => key);
  assert.deepEqual(keys(own).toSorted(), ['allow-agent-http', 'allow-agent-ssh']);
  assert.deepEqual(keys(tried), ['door', ...keys(own)], 'the first to decide stands first');
  assert.ok(tried[0].includes('Decides'), tried[0].join(' | '));
  await assertAccessible(page);

  // From there one asks who reaches it: its door is not its pool's.
  await canary.getByRole('link', { name: 'Ask who reaches them' }).click();
  await page.waitForURL((address) => address.pathname === '/firewall' && address.searchParams.get('target') === 'backend-pool (canary)');
  assert.equal(await page.getByLabel('To', { exact: true }).inputValue(), 'backend-pool (canary)');
  for (const [target, outcome] of [
    ['backend-pool (canary)', /Allowed: tcp 22 from 192\.0\.2\.7\/32 to pool backend-pool \(canary\)\. .*by rule door/],
    ['backend-pool', /Denied: .* no rule allows it, so it is denied/],
  ]) {
    await open(`/firewall?environment=dev&source=192.0.2.7&target=${encodeURIComponent(target)}&port=22`);
    assert.match(await words(main(page).getByRole('region', { name: 'Answer' })), outcome);
  }
});
