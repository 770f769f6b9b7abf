// Every route in both themes: no violation of WCAG 2.2 AA, one heading of the first level, a quiet console; and the keyboard.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { example, planImport, proposeProduction, seed } from '../seed.mjs';
import { pages, pathOf } from '../pages.mjs';
import { freshness, main, title } from './face.mjs';

const scene = openScene();
let seeded;
let resident;

/** She stays in one tab for all pages: a browser that has the scripts already opens the next one sooner. */
async function mara() {
  if (!resident) {
    resident = await scene.person('Mara', { stays: true });
    seeded = { ...(await seed(resident.page)), waiting: await proposeProduction(resident.page) };
  }
  return resident;
}

async function assertWell(page) {
  assert.equal(await title(page).count(), 1, `${page.url()} has one heading of the first level`);
  assert.match(await page.title(), /Agent Manager$/, page.url());
  await assertAccessible(page);
}

test('a fleet is there to look at', async () => {
  await mara();
});

test('every page that the app has is among those that are looked at', async () => {
  const routes = await readFile(new URL('../../app/src/routes.rs', import.meta.url), 'utf8');
  const patterns = [...routes.matchAll(/path!\("([^"]+)"\)/g)].map(([, pattern]) => pattern).filter((pattern) => pattern !== '/*any');
  assert.ok(patterns.length > 30, `only ${patterns.length} routes were found`);
  const addresses = pages.map((page) => pathOf(page, seeded).split('?')[0]);
  // A word of a pattern stands before a name that could be the same word.
  const matches = (pattern) => new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`);
  const own = (address) => patterns.filter((pattern) => matches(pattern).test(address)).sort((a, b) => a.split(':').length - b.split(':').length)[0];
  const seen = new Set(addresses.map(own));
  assert.deepEqual(patterns.filter((pattern) => !seen.has(pattern)), [], 'pages.mjs lacks them');
  assert.equal(new Set(pages.map(({ name }) => name)).size, pages.length, 'pictures are named by their pages');
});

for (const route of pages) {
  test(`${route.name} is accessible in both themes`, async () => {
    const person = route.signedIn === false ? await scene.visitor() : await mara();
    if (route.status) person.forgive(new RegExp(`status of ${route.status}`));
    const answer = await person.page.goto(pathOf(route, seeded));
    assert.equal(answer.status(), route.status ?? 200);
    await hydrated(person.page);
    if (route.signedIn !== false) await freshness(person.page).getByText('Live', { exact: true }).waitFor();
    await assertWell(person.page);
  });
}

test('the states of an import are accessible', async () => {
  const { page } = await mara();
  const text = await example('basic.tf');
  await page.goto('/import');
  await hydrated(page);
  await page.getByLabel('Module block').fill(text);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await main(page).getByRole('region', { name: '2 values that only Terraform knows' }).waitFor();
  await assertWell(page);

  await planImport(page, text.replace('max_replicas  = 5', 'max_replicas  = 5\n      max_surge = 1'));
  await main(page).getByRole('alert', { name: /would refuse this/ }).waitFor();
  await assertWell(page);

  await page.goto('/import');
  await hydrated(page);
  await page.getByLabel('Module block').fill(text.replace('agent_pools = [', 'agent_pools = ]'));
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await main(page).getByRole('alert', { name: /cannot be read/ }).waitFor();
  await assertWell(page);
});

test('a page that does not exist says so, leads on, and answers 404', async () => {
  const { page, forgive } = await mara();
  forgive(/status of 404/);
  for (const [path, heading] of [
    ['/nowhere', 'Page not found'],
    ['/pools/dev/no-such-pool', 'Pool not found'],
    ['/instances/us-central1-a/no-such-vm', 'Instance not found'],
    ['/changes/chg-999', 'Change not found'],
    ['/changes/what', 'Change not found'],
  ]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 404, path);
    assert.equal(await title(page).innerText(), heading, path);
    await main(page).getByRole('link', { name: 'Go to Fleet' }).waitFor();
  }
});

/** Whether the locator's element has the focus, or holds what has it. */
function holdsFocus(locator) {
  return locator.evaluate((element) => element.contains(document.activeElement));
}

test('by keyboard: past the navigation, to another page, and onto its heading', async () => {
  const { page } = await mara();
  await page.goto('/');
  await hydrated(page);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  assert.ok(await holdsFocus(skip), 'the first stop is the way past the navigation');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#main$/);
  await until('the focus is past the navigation', () => holdsFocus(main(page)));
  await page.keyboard.press('Tab');
  assert.ok(await holdsFocus(main(page)), 'the next stop is within the page');

  const changes = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Changes' });
  await changes.focus();
  await page.keyboard.press('Enter');
  await title(page).getByText('Changes', { exact: true }).waitFor();
  await until('the focus is on the heading of the page one came to', () => holdsFocus(title(page)));

  await main(page).getByRole('link', { name: /^chg-1\b/ }).press('Enter');
  await page.waitForURL(/\/changes\/chg-1$/);
  await title(page).getByText(/^Import/).waitFor();
  await until('the focus is on the heading of the change', () => holdsFocus(title(page)));
  await page.goBack();
  await title(page).getByText('Changes', { exact: true }).waitFor();

  const account = page.getByLabel('Mara, account');
  await account.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' });
  assert.ok(await holdsFocus(account), 'closing a menu gives the focus back');
});
