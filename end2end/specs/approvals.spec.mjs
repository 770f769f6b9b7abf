// A change of production: three people sign it with their passkeys, one rejects, an edit voids, an author is refused, and what is
// not what they signed never runs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { sql } from '../harness/database.mjs';
import { listed } from '../harness/emulator.mjs';
import { registerPasskey } from '../harness/passkey.mjs';
import { openScene } from '../harness/scene.mjs';
import { PRODUCTION_ANSWERS, production, proposeProduction } from '../seed.mjs';
import { assertStory, main, phase, story, tableRows, words } from './face.mjs';
import { signature, vote } from './proposals.mjs';

const scene = openScene({ returns: true });

const approvers = new Map();

/** Where a refusal's code leads. */
function meaning(refusal, code) {
  return refusal.getByRole('link', { name: code, exact: true }).getAttribute('href');
}

/** Who signs stays from test to test, with the passkey of the browser that they registered it in. */
async function approver(name) {
  if (!approvers.has(name)) {
    const person = await scene.person(name, { stays: true });
    await registerPasskey(person);
    approvers.set(name, person);
  }
  return approvers.get(name);
}

test('three people with three passkeys clear a change of production, and it runs', async () => {
  const [mara, wen, noor, ines, vera] = await Promise.all([
    scene.person('Mara'),
    approver('Wen'),
    approver('Noor'),
    approver('Ines'),
    scene.person('Vera'),
  ]);
  const change = await proposeProduction(mara.page, 'prod');

  // Who may not sign is told why, on a button that keeps its place.
  await mara.page.goto(change);
  const refused = signature(mara.page).getByRole('button', { name: 'Approve', exact: true });
  assert.equal(await refused.getAttribute('aria-disabled'), 'true');
  assert.match(await words(signature(mara.page)), /role approver/);
  await vera.page.goto(change);
  assert.match(await words(signature(vera.page)), /You may not vote on changes/);

  // It waits for Wen, who finds it by the count in the bar.
  await wen.page.goto('/');
  await hydrated(wen.page);
  await wen.page.getByRole('link', { name: '1 change waiting for your vote' }).click();
  await wen.page.waitForURL(/waiting=me/);
  await main(wen.page).getByText(/^1 change waits for your vote\. It expires in /).waitFor();
  const [row] = await tableRows(main(wen.page).getByRole('group', { name: 'Changes' }));
  assert.match(row.join(' | '), /\| (Medium|High) \| adds [^|]*\| 0 of 3 \| Waits for you \| \d+ (d|h|min)/);
  await main(wen.page).getByRole('table').getByRole('link', { name: /Import 2 templates/ }).click();
  await wen.page.waitForURL(`**${change}`);
  await assertAccessible(wen.page);
  assert.match(await words(phase(wen.page, 'Approvals')), /sre 0 of 2, security 0 of 1/);

  // Under each group stand those who have not signed; what is signed stands right above the verbs.
  const member = (page, name) => phase(page, 'Approvals').getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
  assert.match(await words(member(wen.page, 'Wen')), /Wen you Can sign/);
  assert.match(await words(member(wen.page, 'Noor')), /Noor Can sign/);
  const digest = /[0-9A-F]{4}( [0-9A-F]{4}){15}/;
  assert.match(await words(signature(wen.page)), new RegExp(`Plan of revision 1 ${digest.source} Declaration of revision 1 ${digest.source} .*Approve Reject`));

  await vote(wen.page, change, 'Approve', 'Two small VMs, nothing public');
  await phase(wen.page, 'Approvals').getByText('sre 1 of 2, security 0 of 1').waitFor();
  const told = await words(phase(wen.page, 'Approvals'));
  assert.match(told, /Wen approved revision 1 at .* with a passkey/);
  assert.match(told, /Two small VMs, nothing public/);
  assert.match(told, /Signed [0-9A-F]{4}(-[0-9A-F]{4}){15}/);
  assert.match(await words(signature(wen.page)), /You have voted on this revision/);

  await vote(noor.page, change, 'Approve');
  await vote(ines.page, change, 'Approve', 'One port, nothing public');
  await main(ines.page).getByText('sre 2 of 2, security 1 of 1', { exact: true }).waitFor();
  await phase(ines.page, 'Verify').getByText(/observed equals desired/).waitFor({ timeout: 90_000 });
});

test('one rejection with its reason ends a change', async () => {
  const [mara, ines] = await Promise.all([scene.person('Mara'), approver('Ines')]);
  const change = await proposeProduction(mara.page, 'staging');
  await ines.page.goto(change);
  await hydrated(ines.page);
  await ines.page.getByRole('button', { name: 'Reject', exact: true }).click();
  await signature(ines.page).getByText('Say why you reject it').waitFor();
  await vote(ines.page, change, 'Reject', 'Staging has no budget yet');
  await main(ines.page).getByText('One of those who were asked rejected it').first().waitFor();
  const told = await words(phase(ines.page, 'Approvals'));
  assert.match(told, /Ines rejected revision 1 .* Staging has no budget yet/);
  assert.match(await words(phase(ines.page, 'Apply')), /will not run/);
});

test('an edit voids the votes before it, and its editor cannot sign', async () => {
  const [jonah, wen] = await Promise.all([approver('Jonah'), approver('Wen')]);
  const change = await proposeProduction(jonah.page, 'edge');
  await jonah.page.goto(change);
  assert.match(await words(signature(jonah.page)), /You proposed or edited this change/);
  await vote(wen.page, change, 'Approve');

  await jonah.page.getByRole('link', { name: 'Edit by import' }).click();
  await jonah.page.waitForURL(/revises=/);
  await hydrated(jonah.page);
  await jonah.page.getByLabel('Module block').fill((await production('edge')).replace('max_replicas  = 5', 'max_replicas  = 6'));
  await jonah.page.getByRole('button', { name: 'Plan', exact: true }).click();
  for (const [reference, answer] of Object.entries(PRODUCTION_ANSWERS)) {
    await jonah.page.getByLabel(reference, { exact: true }).fill(answer);
  }
  await jonah.page.getByRole('button', { name: 'Plan with these values' }).click();
  await jonah.page.getByRole('button', { name: 'Edit change' }).click();
  await jonah.page.waitForURL(`**${change}`);
  await main(jonah.page).getByText('revision 2', { exact: true }).first().waitFor();
  const told = await words(phase(jonah.page, 'Approvals'));
  assert.match(told, /sre 0 of 2, security 0 of 1/);
  assert.match(told, /Does not count: the change was edited: revision 2 took the place of revision 1/);
  // Each event's own page says as much as the list, and what the edit changed.
  const name = change.split('/').at(-1);
  const event = async (action) => {
    await jonah.page.goto(`/audit?change=${name}&action=${action}`);
    await main(jonah.page).getByRole('link', { name: /^event \d+/ }).first().click();
    await jonah.page.waitForURL(/\/audit\/\d+$/);
  };
  await event('void_votes');
  const why = 'The change was edited: revision 2 took the place of revision 1';
  await main(jonah.page).getByText(why, { exact: true }).waitFor();
  await event('revise_change');
  const edit = main(jonah.page).getByRole('region', { name: 'What the edit changed' });
  assert.match(await words(edit), /Revision 1 Revision 2 .*max_replicas 5 6/i);
  await vote(wen.page, change, 'Approve');
});

test('what another change overtook asks nobody, and can still be rejected', async () => {
  const [mara, wen, noor, ines] = await Promise.all([scene.person('Mara'), approver('Wen'), approver('Noor'), approver('Ines')]);
  const first = await proposeProduction(mara.page, 'twin');
  const second = await proposeProduction(mara.page, 'twin');
  for (const person of [wen, noor, ines]) await vote(person.page, first, 'Approve');

  // Its page and the lists say it as soon as the other has begun.
  await ines.page.goto(second);
  await hydrated(ines.page);
  await main(ines.page).getByText('Overtaken', { exact: true }).first().waitFor();
  const by = first.split('/').at(-1);
  assert.match(await words(main(ines.page)), new RegExp(`Overtaken by ${by}: its plan is for what was declared before\\. Edit it or propose it again`));
  assert.equal(await main(ines.page).getByRole('link', { name: by, exact: true }).first().getAttribute('href'), first);
  assert.match(await words(phase(ines.page, 'Approvals')), /nobody is asked: overtaken/);
  assert.match(await words(phase(ines.page, 'Apply')), /will not run as it is/);
  const approve = signature(ines.page).getByRole('button', { name: 'Approve', exact: true });
  assert.equal(await approve.getAttribute('aria-disabled'), 'true');
  assert.match(await words(signature(ines.page)), new RegExp(`It cannot be approved as it is: it was overtaken by ${by}\\.`));
  await assertAccessible(ines.page);
  await wen.page.goto('/changes');
  await hydrated(wen.page);
  const row = main(wen.page).getByRole('row', { name: new RegExp(`${second.split('/').at(-1)}\\b`) });
  assert.match(await words(row), new RegExp(`Overtaken by ${by}`));

  await vote(ines.page, second, 'Reject', 'The other one runs');
  await main(ines.page).getByText('One of those who were asked rejected it').first().waitFor();
});

test('a lost passkey is revoked, and its votes with it; a phone shows the way to sign', async () => {
  const [mara, wen] = await Promise.all([scene.person('Mara'), scene.person('Wen', { width: 390, height: 844 })]);
  await registerPasskey(wen, 'Lost phone');
  const change = await proposeProduction(mara.page, 'lab');
  await wen.page.goto('/changes');
  await hydrated(wen.page);
  const list = main(wen.page).getByRole('group', { name: 'Changes', exact: true });
  const card = list.getByRole('row', { name: new RegExp(`${change.split('/').at(-1)}\\b`) });
  assert.match(await words(card), /Waits for you/, 'its state is in sight');
  const beyond = await list.evaluate((region) => region.scrollWidth > region.clientWidth);
  assert.equal(beyond, false, 'the list is wider than a phone');
  await assertAccessible(wen.page);
  assert.equal(await list.getByRole('columnheader', { name: 'Risk', exact: true }).count(), 1, 'by ear it still is a table');
  const link = card.getByRole('link');
  const ring = (of) => of.evaluate((element) => getComputedStyle(element).outlineStyle);
  // Come to by the keyboard, all that leads on has the ring.
  await link.focus();
  await wen.page.keyboard.press('Shift+Tab');
  await wen.page.keyboard.press('Tab');
  assert.deepEqual([await ring(card), await ring(link)], ['solid', 'none']);
  // Anywhere on the card, not only on its title.
  await card.click();
  await wen.page.waitForURL((url) => url.pathname === change);
  await hydrated(wen.page);
  await wen.page.getByRole('link', { name: 'Compare and sign' }).click();
  await assertAccessible(wen.page);
  const wide = await wen.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(wide, false, 'the page is wider than a phone');
  // The way to the server is cut for one vote: why nothing was signed stands at the button, with what its code means.
  wen.forgive(/ERR_FAILED|status of 409/);
  await wen.page.route('**/fn/begin_vote', (route) => route.abort());
  await wen.page.getByRole('button', { name: 'Approve', exact: true }).click();
  const unsigned = signature(wen.page).getByRole('alert').filter({ hasText: 'The server did not answer.' });
  assert.equal(await meaning(unsigned, 'unreachable'), '/docs/errors.md#:~:text=unreachable');
  await assertAccessible(wen.page);
  await wen.page.unroute('**/fn/begin_vote');
  await vote(wen.page, change, 'Approve');
  await wen.page.goto('/settings/passkeys');
  await hydrated(wen.page);
  await assertAccessible(wen.page);
  const late = await wen.tab();
  await late.goto('/settings/passkeys');
  await hydrated(late);
  const revoke = async (page) => {
    const row = page.getByRole('row', { name: /Lost phone/ });
    // What is lost is said first.
    await row.getByText('Revoke Lost phone', { exact: true }).click();
    await row.getByText('It never signs again, and its vote on 1 open change becomes void.').waitFor();
    await assertAccessible(page);
    await row.getByRole('button', { name: 'Revoke for good: Lost phone' }).click();
  };
  await revoke(wen.page);
  await wen.page.getByRole('row', { name: /Lost phone/ }).getByText('Revoked').waitFor();
  await revoke(late);
  const refusal = main(late).getByRole('alert').filter({ hasText: 'This passkey is revoked already' });
  assert.match(await words(refusal), /conflict Request [0-9a-f-]{36}$/);
  assert.equal(await meaning(refusal, 'conflict'), '/docs/errors.md#:~:text=conflict');
  await assertAccessible(late);
  await wen.page.goto(change);
  assert.match(await words(phase(wen.page, 'Approvals')), /Does not count: the passkey that signed it was revoked/);
});

test('without scripts the page tells all and says that signing needs them', async () => {
  const mara = await scene.person('Mara');
  const change = await proposeProduction(mara.page, 'quiet');
  const ines = await approver('Ines');
  const state = await ines.context.storageState();
  const quiet = await scene.visitor({ scripts: false, state });
  await quiet.page.goto(change);
  assert.match(await words(signature(quiet.page)), /Signing needs scripts/);
  assert.match(await words(phase(quiet.page, 'Approvals')), /sre 0 of 2, security 0 of 1/);
});

test('a cancel that comes too late is refused in words, without scripts too', async () => {
  const mara = await scene.person('Mara');
  const change = await proposeProduction(mara.page, 'late');
  const state = await mara.context.storageState();
  const quiet = await scene.visitor({ scripts: false, state });
  const late = await quiet.tab();
  for (const page of [quiet.page, late]) await page.goto(change);
  await quiet.page.getByRole('button', { name: 'Cancel change' }).click();
  await main(quiet.page).getByText('Cancelled', { exact: true }).first().waitFor();
  await late.getByRole('button', { name: 'Cancel change' }).click();
  await main(late).getByRole('alert').getByText(/chg-\d+ is cancelled and cannot be cancelled/).waitFor();
});

/**
 * Lets whoever owns the tables exchange what the change declares, in the moment in which its last signature clears it: a claim
 * follows at once. The bytes, their digest and their twin fit each other; only the signatures are over other ones. Gives the way back.
 */
async function exchangeOnceApproved(id) {
  await sql(
    scene.stack,
    `ALTER TABLE change_revisions DISABLE TRIGGER USER;
     CREATE FUNCTION exchange() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       UPDATE change_revisions
         SET desired_canonical = x.b, desired = convert_from(x.b, 'UTF8')::jsonb, desired_sha256 = sha256(x.b)
         FROM (SELECT convert_to(replace(convert_from(desired_canonical, 'UTF8'), '"max_replicas":5', '"max_replicas":9'), 'UTF8') AS b
               FROM change_revisions WHERE change_id = NEW.id) x
         WHERE change_id = NEW.id;
       RETURN NEW;
     END $$;
     CREATE TRIGGER exchange AFTER UPDATE ON changes FOR EACH ROW
       WHEN (NEW.id = ${id.split('-').at(-1)} AND NEW.state = 'approved') EXECUTE FUNCTION exchange()`,
  );
  return () => sql(scene.stack, 'DROP FUNCTION exchange CASCADE; ALTER TABLE change_revisions ENABLE TRIGGER USER');
}

test('what is exchanged in the database after it was signed never runs, and an approver closes the alarm', async () => {
  const [mara, vera, wen, noor, ines] = await Promise.all([
    scene.person('Mara'),
    scene.person('Vera'),
    approver('Wen'),
    approver('Noor'),
    approver('Ines'),
  ]);
  const change = await proposeProduction(mara.page, 'vault');
  const id = change.split('/').at(-1);
  const restore = await exchangeOnceApproved(id);
  for (const { page } of [wen, noor, ines]) await vote(page, change, 'Approve');
  await main(ines.page).getByText(/A vote on it does not verify: .*\(evidence_invalid\)/).first().waitFor();
  // Its code leads to what it means, wherever it stands.
  const codes = main(ines.page).getByRole('link', { name: 'evidence_invalid', exact: true });
  const leads = await codes.evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute('href')))]);
  assert.deepEqual(leads, ['/docs/errors.md#:~:text=evidence_invalid']);
  const explained = await ines.page.evaluate(async (address) => (await fetch(address)).text(), leads[0]);
  assert.match(explained, /\| `evidence_invalid` \| A stored vote does not verify/);
  await restore();

  // A viewer sees the alarm, and is told who may close it.
  const alarm = (page) =>
    main(page)
      .getByRole('region', { name: /^Incident inc-\d+$/ })
      .filter({ hasText: `${id} was refused: its evidence was tampered with` });
  await vera.page.goto('/alerts');
  await hydrated(vera.page);
  const said = await words(alarm(vera.page));
  assert.match(said, new RegExp(`What is stored for ${id} is not what was signed and logged: a vote on it does not verify: .* Nothing more of it runs\\.`));
  const locked = alarm(vera.page).getByRole('button', { name: 'Close the incident', exact: true });
  assert.equal(await locked.getAttribute('aria-disabled'), 'true');
  const why = await words(vera.page.locator(`#${await locked.getAttribute('aria-describedby')}`));
  assert.equal(why, 'To close an incident takes the role approver or admin.');

  const found = 'A trigger exchanged it after the last signature; the trigger is gone';
  await ines.page.goto('/alerts');
  await hydrated(ines.page);
  await alarm(ines.page).getByLabel('What was found and done').fill(found);
  await assertAccessible(ines.page);
  await alarm(ines.page).getByRole('button', { name: 'Close the incident', exact: true }).click();
  const ended = (page) => main(page).getByRole('region', { name: 'Incidents that ended' }).getByRole('listitem').filter({ hasText: found });
  for (const { page } of [ines, vera]) {
    await ended(page).waitFor();
    assert.equal(await alarm(page).count(), 0, 'it is open no more');
  }

  const events = ended(vera.page).getByRole('link', { name: /^All its events: inc-\d+$/ });
  await vera.page.goto(await events.getAttribute('href'));
  assertStory(await story(vera.page), [
    new RegExp(`Watch opened inc-\\d+\\s*${id} was refused: its evidence was tampered with: .*\\(evidence_invalid\\)`),
    new RegExp(`Ines closed inc-\\d+\\s*${id} was refused: its evidence was tampered with: ${found}`),
  ]);
  await vera.page.goto(`/audit?change=${id}`);
  const told = await story(vera.page);
  const steps = ['Mara proposed', 'Wen approved', 'Noor approved', 'Ines approved', 'cleared', 'Reconciler gave up on'];
  assertStory(told, steps.map((step) => new RegExp(`${step} ${id}\\b`)));
  assert.ok(!told.some((sentence) => /started to apply/.test(sentence)), told.join('\n'));
  assert.deepEqual(await listed(scene.stack, 'genesis-project-vault', 'regions/us-central1/instanceGroupManagers'), []);
});
