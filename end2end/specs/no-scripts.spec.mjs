// Every core flow with scripts blocked: the server draws pages whole, and forms and links do the rest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openScene } from '../harness/scene.mjs';
import { signIn, signOut } from '../harness/sign-in.mjs';
import { until } from '../harness/until.mjs';
import { ANSWERS, example } from '../seed.mjs';
import { freshness, main, phase, story, tableRows, title, words } from './face.mjs';

const scene = openScene();

/** Events on a page of the audit log. */
const PAGE = 50;

/** Pages that ask to be loaded again are loaded again. */
function again(page, path, what, check) {
  return until(what, async () => {
    await page.goto(path);
    return check();
  });
}

test('from the door to a running fleet and out again, without a script', async () => {
  const { page } = await scene.visitor({ scripts: false });
  await signIn(page, 'Mara');
  assert.match(await freshness(page).innerText(), /^As of \d\d:\d\d:\d\d UTC$/, 'the page says when it was drawn');

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Import' }).click();
  await page.getByLabel('Module block').fill(await example('basic.tf'));
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  for (const [reference, answer] of Object.entries(ANSWERS)) await page.getByLabel(reference, { exact: true }).fill(answer);
  await page.getByRole('button', { name: 'Plan with these values' }).click();
  assert.match(await words(main(page).getByRole('region', { name: 'Impact' })), /VMs created 2/);
  await page.getByLabel('Reason, shown to all').fill('Without scripts');
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\/chg-1$/);
  assert.match(await words(phase(page, 'Proposed')), /Without scripts/);

  await again(page, '/changes/chg-1', 'the change is applied', () =>
    main(page).getByText('Applied', { exact: true }).first().waitFor({ timeout: 500 }),
  );
  // What was declared first is folded, in a phase that is over and folded too.
  await phase(page, 'Plan').getByRole('heading', { name: 'Plan', exact: true }).click();
  await phase(page, 'Plan').getByText(/^What it declares: \d+ fields$/).click();
  await phase(page, 'Plan').getByRole('table').getByText('agent_pools["backend-pool"]', { exact: true }).waitFor();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Changes' }).click();
  const [row] = await tableRows(main(page).getByRole('group', { name: 'Changes' }));
  // Nobody was asked for a vote, so that there is no column for votes; what has ended says when.
  // The frame knows of which environment the change is, so the list is of that one and does not name it.
  assert.equal(new URL(page.url()).search, '?environment=dev');
  assert.match(row.join(' | '), /^chg-1 [^|]*\| Mara \| (Medium|High) \| adds 2[^|]*\| Done in [^|]+\| (now|[^|]+ ago)$/);

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Pools' }).click();
  await main(page).getByRole('link', { name: /^backend-pool/ }).click();
  await again(page, page.url(), 'both agents are healthy', () =>
    main(page).getByText('Both agents run and are healthy.').waitFor({ timeout: 500 }),
  );
  const settings = await tableRows(main(page).getByRole('region', { name: 'Settings' }));
  assert.deepEqual(settings.filter(([, desired, observed]) => desired !== observed), []);
  await main(page).getByRole('navigation', { name: 'Pool' }).getByRole('link', { name: /^Instances/ }).click();
  await main(page).getByRole('link', { name: /^agent-backend-pool-/ }).first().click();
  assert.match(await words(main(page).getByRole('region', { name: 'Agent, as it says of itself' })), /number \d+/);
  const changed = main(page).getByRole('region', { name: 'What changed in the last 30 minutes' });
  assert.equal(await changed.getByRole('listitem').count(), 10, 'a long list begins with its newest ten');
  await changed.getByRole('link', { name: 'Show all' }).click();
  await page.waitForURL(/\?all=yes#before$/);
  assert.ok((await changed.getByRole('listitem').count()) > 10, 'and its address has all');

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Fleet' }).click();
  await main(page).getByText('Both agents are healthy.').waitFor();
  await main(page).getByText('Show the same as a table of counts').click();
  const counts = await tableRows(main(page).getByRole('group', { name: 'Counts by pool' }));
  assert.deepEqual(counts, [['backend-pool', '2', '0', '0', '0', '0', '0', '0']]);
  await main(page).getByRole('link', { name: /Healthy/ }).click();
  await page.waitForURL(/\/instances\?.*state=healthy/);
  assert.equal((await tableRows(main(page).getByRole('group', { name: 'Instances' }))).length, 2);

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit' }).click();
  const told = await story(page);
  assert.ok(told.some((sentence) => /Mara proposed chg-1/.test(sentence)), told.join('\n'));
  await signOut(page);
  await main(page).getByText('You are signed out.').waitFor();
});

test('the theme is chosen by a form', async () => {
  const { page } = await scene.person('Mara', { scripts: false, theme: 'light' });
  const paper = () => page.getByRole('main').evaluate((main) => getComputedStyle(main.ownerDocument.body).backgroundColor);
  const choose = async (theme) => {
    await page.getByLabel('Mara, account').click();
    await page.getByRole('button', { name: theme, exact: true }).click();
    await page.waitForLoadState();
    assert.equal(new URL(page.url()).pathname, '/pools', 'one stays where one was');
  };
  await page.goto('/pools');
  const light = await paper();
  await choose('Dark');
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.goto('/audit');
  assert.equal(await paper(), dark, 'the choice stays on the next page');
  await page.goto('/pools');
  await choose('System');
  assert.equal(await paper(), light);
});

test('a list is ordered by the heads of its columns', async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  const table = main(page).getByRole('group', { name: 'Templates' });
  const head = table.getByRole('columnheader', { name: 'Template', exact: true });
  const names = async () => (await tableRows(table)).map(([name]) => name);
  const press = () => Promise.all([page.waitForEvent('load'), head.getByRole('link').click()]);
  await page.goto('/templates');
  const declared = await names();
  assert.ok(declared.length > 1, `only ${declared.length} templates are there`);
  await press();
  assert.deepEqual([await names(), await head.getAttribute('aria-sort')], [declared.toSorted(), 'ascending']);
  await press();
  assert.deepEqual([await names(), await head.getAttribute('aria-sort')], [declared.toSorted().reverse(), 'descending']);
  assert.equal(new URL(page.url()).search, '?sort=-name', 'the address holds it');

  await page.goto('/templates?sort=colour');
  await main(page).getByRole('alert').getByText(/`colour`: there is no such order: it is one of name, type, version, declared/).waitFor();
  assert.deepEqual([await names(), await head.getAttribute('aria-sort')], [declared, null]);
});

test('long lists are paged by links', async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  await page.goto('/audit');
  // Each sign-in is an event: soon there are more than fit on a page.
  for (let events = Number(eventNumber((await story(page)).at(-1))); events <= PAGE; events += 1) {
    await page.goto('/sign-in/start?next=/livez');
    await page.getByRole('button', { name: /^Mara\b/ }).click();
    await page.waitForURL('**/livez');
  }
  await page.goto('/audit');
  const newest = await story(page);
  await follow(page, 'Older');
  const oldest = await story(page);
  assert.equal(newest.length, PAGE);
  assert.match(oldest[0], /event 1\b/);
  assert.equal(newest.filter((sentence) => oldest.includes(sentence)).length, 0, 'no event is on both pages');
  const total = newest.length + oldest.length;
  assert.match(newest.at(-1), new RegExp(`event ${total}\\b`), 'none is left out between them');
  await follow(page, 'Newest');
  assert.deepEqual((await story(page)).map(eventNumber), newest.map(eventNumber));
  assert.equal(await title(page).innerText(), 'Audit');
});

/** To the end of the page that a link leads to: it comes in parts, and the first of them is no list yet. */
async function follow(page, name) {
  await Promise.all([page.waitForEvent('load'), main(page).getByRole('link', { name }).click()]);
}

function eventNumber(sentence) {
  return /event (\d+)\b/.exec(sentence)[1];
}

test('a viewer is refused without scripts too', async () => {
  const { page } = await scene.person('Vera', { scripts: false });
  await page.goto('/import');
  await page.getByLabel('Module block').fill((await example('basic.tf')).replace('target_size   = 2', 'target_size   = 2\n      cpu_target = 0.5'));
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  for (const [reference, answer] of Object.entries(ANSWERS)) await page.getByLabel(reference, { exact: true }).fill(answer);
  await page.getByRole('button', { name: 'Plan with these values' }).click();
  const panel = main(page).getByRole('region', { name: 'Propose it' });
  assert.match(await words(panel), /takes the role operator or admin/);
  assert.equal(await panel.getByRole('button').getAttribute('type'), 'button', 'it submits nothing');
});
