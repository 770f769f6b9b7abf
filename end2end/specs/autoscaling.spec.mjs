// Autoscaling: recommended against actual, an edit that is a change, and the service's reasons.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { fault, load } from '../harness/emulator.mjs';
import { BACKEND, openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { main, tableRows, words } from './face.mjs';

const scene = openScene({ returns: true });
openFleet(scene);
const TAB = '/pools/dev/backend-pool/autoscaling';

test('sizes are drawn, read by keys and by table, and the list leads to them', async () => {
  const { page } = await scene.person('Vera');
  await page.goto('/autoscaling');
  const [row] = await tableRows(main(page).getByRole('group', { name: 'Pools and their autoscalers' }));
  assert.match(row[0], /^backend-pool/);
  assert.equal(row[4], '1 to 5');
  await main(page).getByRole('link', { name: /^backend-pool/ }).click();
  await page.waitForURL(`**${TAB}`);
  await hydrated(page);
  const figure = main(page).getByRole('figure', { name: 'Size over the last 6 hours' });
  await figure.waitFor();
  assert.match(await words(figure), /The bounds are 1 and 5\./);
  await page.getByRole('slider', { name: /^Read Size over/ }).focus();
  await page.keyboard.press('Home');
  assert.match(await words(figure.locator('output')), /actual \d+ /);
  await figure.getByText('Show data').click();
  assert.ok((await figure.getByRole('row').count()) > 1);
  await main(page).getByRole('link', { name: 'Hour', exact: true }).click();
  await page.waitForURL(/window=1h/);
  await main(page).getByRole('figure', { name: 'Size over the last hour' }).waitFor();

  await page.goto('/pools/dev/backend-pool');
  await hydrated(page);
  await figure.waitFor();
  await figure.getByRole('link', { name: 'Why this size' }).click();
  await page.waitForURL(`**${TAB}`);
});

/** Writes another target into the open form and asks what it would have done. The fleet is younger than the service's own patience. */
async function replayTarget(page, target) {
  await page.getByLabel('CPU target').fill(target);
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Replay the last day' }).click()]);
}

const TOO_LITTLE = /UTC: less than 10 min of them, too little to say anything\.|so there is no load to replay\./;

test('a draft is replayed on past load before it is reviewed', async () => {
  const { page, forgive } = await scene.person('Vera');
  forgive(/status of 422/);
  await page.goto(`${TAB}/edit`);
  await hydrated(page);
  await replayTarget(page, '0.35');
  await hydrated(page);
  const said = main(page).getByRole('region', { name: 'On the load of the last day' });
  assert.match(await words(said), TOO_LITTLE);
  assert.equal(await page.getByLabel('CPU target').inputValue(), '0.35', 'the draft stays');
  assert.equal(await page.getByRole('button', { name: 'Propose change' }).count(), 0, 'nothing was reviewed');
  await assertAccessible(page);
  await replayTarget(page, '35');
  await hydrated(page);
  assert.match(await words(main(page).getByRole('alert')), /1 field is refused: cpu_target/);
  assert.equal(await said.count(), 0);
});

test('a draft is replayed without scripts', async () => {
  const { page } = await scene.person('Vera', { scripts: false });
  await page.goto(`${TAB}/edit`);
  await replayTarget(page, '0.35');
  assert.match(await words(main(page).getByRole('region', { name: 'On the load of the last day' })), TOO_LITTLE);
  assert.equal(await page.getByLabel('CPU target').inputValue(), '0.35', 'the draft stays');
});

test('a viewer is told who may edit the policy', async () => {
  const { page } = await scene.person('Vera');
  await page.goto(TAB);
  const policy = main(page).getByRole('region', { name: 'Policy' });
  assert.equal(await policy.getByRole('button', { name: 'Edit' }).getAttribute('aria-disabled'), 'true');
  assert.match(await words(policy.locator('#edit-autoscaling-reason')), /takes the role operator or admin/);
});

test('an edit is refused by its field, reviewed with its cost, and applied', async () => {
  const { page } = await scene.person('Mara');
  await page.goto(TAB);
  await hydrated(page);
  await main(page).getByRole('complementary', { name: 'Why and how' }).getByRole('link', { name: 'Edit' }).click();
  await page.waitForURL(`**${TAB}/edit`);
  const bounds = page.getByRole('group', { name: 'Size' });
  await bounds.getByLabel('At most').fill('3');
  await page.getByLabel('At these times it has at least so many').fill('office | 0 25 * * * | Berlin | 36000 | 3');
  await page.getByRole('button', { name: 'Review change' }).click();
  assert.match(await words(main(page).getByRole('alert')), /1 field is refused: scaling_schedules/);
  assert.match(await words(main(page)), /`25` is no hour: 0 to 23.*`Berlin` is no time zone/);
  await page.getByLabel('At these times it has at least so many').fill('office | 0 8 * * Mon-Fri | Europe/Berlin | 36000 | 2 | off');
  await page.getByRole('button', { name: /^Review/ }).last().click();
  await page.getByRole('button', { name: 'Propose change' }).waitFor();
  assert.match(await words(main(page)), /Cost a month .* with every autoscaler at its maximum/);
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\/chg-\d+$/);
  const change = new URL(page.url()).pathname;
  await until(`${change} is applied`, async () => {
    await page.goto(change);
    await main(page).getByText('Applied', { exact: true }).first().waitFor({ timeout: 500 });
  });
  await until('the bounds are the new ones', async () => {
    await page.goto(TAB);
    return /Bounds 1 to 3/.test(await words(main(page)));
  });
  assert.match(await words(main(page)), /office at least 2 for 10 h from 0 8 \* \* Mon-Fri \(Europe\/Berlin\), switched off/);
});

test('a pool that wants more than it gets says why: no machine is left, and then its own maximum', async () => {
  const { page } = await scene.person('Vera');
  const why = main(page).getByRole('region', { name: 'Why this size' });
  const says = (what, pattern) =>
    until(what, async () => {
      await page.goto(TAB);
      return pattern.test(await words(why));
    }, { within: 60_000 });

  // Two VMs that are busy all the time want a third; nowhere is there one.
  const zones = ['us-central1-a', 'us-central1-b', 'us-central1-c'];
  const mends = await Promise.all(zones.map((zone) => fault(scene.stack, 'stockout', { zone })));
  await load(scene.stack, BACKEND, 1);
  await says('the service tells of the stock-out', /there is a resource stockout\. ZONE_RESOURCE_STOCKOUT/);
  assert.match(await words(main(page).getByRole('region', { name: 'In figures' })), /Actual 2 of 3 .*Recommended 3 /);
  const code = why.getByRole('link', { name: 'ZONE_RESOURCE_STOCKOUT' });
  assert.match(await code.getAttribute('href'), /^\/docs\/errors\.md#.*ZONE_RESOURCE_STOCKOUT$/);

  // Three as busy want five, and may not be.
  await Promise.all(mends.map((mend) => mend()));
  await says('the service tells of the maximum', /Autoscaler recommends a size greater than maxNumReplicas\. CAPPED_AT_MAX_NUM_REPLICAS/);
  assert.doesNotMatch(await words(why), /STOCKOUT/, 'what was in the way has gone');
  assert.match(await words(why), /held at its maximum/i);

  await page.goto('/autoscaling');
  await main(page).getByText('The pool sizes itself. One is held at its maximum.').waitFor();
  const [row] = await tableRows(main(page).getByRole('group', { name: 'Pools and their autoscalers' }));
  assert.match(row[1], /held at its maximum/i);
  assert.deepEqual([row[2], row[3], row[4]], ['3', '3', '1 to 3']);
  assert.match(row.at(-1), /Autoscaler recommends a size greater than maxNumReplicas/);
});
