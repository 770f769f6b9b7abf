// Hands on the keyboard: single keys, their sheet and their switch; a page that is paused; one on a wall; rooms as icons alone;
// a form as a command.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { assertSameDocument, freshness, main, markDocument, title, words } from './face.mjs';
import { review } from './proposals.mjs';

const scene = openScene();
let seeded;

openFleet(scene, {
  rests: true,
  settle: async (_page, there) => {
    seeded = there;
  },
});

const POOL = '/pools/dev/backend-pool';

async function open(page, path) {
  await page.goto(path);
  await hydrated(page);
  await freshness(page).getByText('Live', { exact: true }).waitFor();
}

function sheet(page) {
  return page.getByRole('dialog', { name: 'Keyboard shortcuts' });
}

function single(page, checked) {
  return sheet(page).getByRole('switch', { name: 'Single-key shortcuts', checked });
}

function hasFocus(locator) {
  return locator.evaluate((element) => element === element.ownerDocument.activeElement);
}

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

test('keys lead to rooms, over rows and into filters, and leave what is typed alone', async () => {
  const { page } = await scene.person('Vera');
  await open(page, '/');
  await markDocument(page);
  await press(page, 'g', 'p');
  await page.waitForURL(/\/pools$/);
  const pool = main(page).getByRole('link', { name: /^backend-pool/ });
  await pool.waitFor();
  await until('the heading has the focus', () => hasFocus(title(page)));
  await press(page, 'j');
  assert.ok(await hasFocus(pool), 'the first row');
  await press(page, 'k');
  assert.ok(await hasFocus(pool), 'nothing is above it');
  await press(page, 'Enter');
  await page.waitForURL((url) => url.pathname === POOL);

  await press(page, 'g', 'a');
  await page.waitForURL((url) => url.pathname === '/audit');
  const who = page.getByLabel('Who', { exact: true });
  await main(page).getByRole('region', { name: 'Events' }).waitFor();
  await until('the heading has the focus', () => hasFocus(title(page)));
  await press(page, '/');
  await until('the filter has the focus', () => hasFocus(who));
  await page.keyboard.type('gf?');
  assert.equal(await who.inputValue(), 'gf?');
  assert.equal(new URL(page.url()).pathname, '/audit');
  await assertSameDocument(page);
});

test('the sheet says every key, gives the focus back, and switches them off for good', async () => {
  const { page } = await scene.person('Vera');
  await open(page, '/changes');
  const change = main(page).getByRole('link', { name: /^chg-1 / });
  await change.waitFor();
  await change.focus();
  await press(page, '?');
  await sheet(page).waitFor();
  await assertAccessible(page);
  await press(page, 'g', 'f', 'Escape');
  await sheet(page).waitFor({ state: 'hidden' });
  assert.equal(new URL(page.url()).pathname, '/changes', 'the page is not led away under its sheet');
  await until('the focus is back', () => hasFocus(change));

  await press(page, '?');
  await single(page, true).click();
  await single(page, false).waitFor();
  await press(page, 'Escape', '?');
  await sheet(page).waitFor({ state: 'hidden' });
  await open(page, '/pools');
  await press(page, '?');
  assert.equal(await sheet(page).isVisible(), false, 'the choice stays on the next page');
  await page.getByLabel('Vera, account').click();
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await sheet(page).waitFor();
  await single(page, false).click();
  await single(page, true).waitFor();
});

test('a paused page stands still, and goes on with what it missed', async () => {
  const { page, tab } = await scene.person('Vera');
  await open(page, seeded.instance);
  await markDocument(page);
  const spoken = main(page).getByRole('region', { name: 'Agent, as it says of itself' });
  const number = async () => Number(/number (\d+)/.exec(await words(spoken))?.[1]);
  await page.getByRole('button', { name: 'Pause live updates' }).click();
  await freshness(page).getByText(/^Paused, as of \d\d:\d\d:\d\d UTC$/).waitFor();
  await assertAccessible(page);
  const stands = await words(main(page));
  const before = await number();

  // What the same page says in a tab that goes on.
  const other = await tab();
  await open(other, seeded.instance);
  const told = main(other).getByRole('region', { name: 'Agent, as it says of itself' });
  const ahead = async () => Number(/number (\d+)/.exec(await words(told))?.[1]) > before;
  await until('the agent speaks again', ahead, { within: 40_000 });
  assert.equal(await words(main(page)), stands, 'neither values nor ages move');
  await other.close();

  await press(page, '.');
  await freshness(page).getByText('Live', { exact: true }).waitFor();
  await until('the page has caught up', async () => (await number()) > before);
  await assertSameDocument(page);
});

for (const scripts of [true, false]) {
  test(`a page on a wall has nothing beside it, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { page } = await scene.person('Vera', { scripts });
    const rooms = page.getByRole('navigation', { name: 'Main' });
    await page.goto('/?kiosk=1');
    await hydrated(page);
    await freshness(page).waitFor();
    assert.equal(await rooms.count(), 0);
    assert.equal(await page.getByRole('banner').getByRole('link').count(), 0);
    if (scripts) await assertAccessible(page);
    await main(page).getByRole('link', { name: 'backend-pool', exact: true }).first().click();
    await page.waitForURL((url) => url.pathname === POOL);
    await until('the address keeps it', async () => new URL(page.url()).searchParams.get('kiosk') === '1');
    assert.equal(await rooms.count(), 0);
    await page.goto('/?kiosk=0');
    await rooms.waitFor();
  });
}

for (const scripts of [true, false]) {
  test(`the rooms shrink to their icons and keep their names, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { page } = await scene.person('Vera', { scripts });
    const rooms = page.getByRole('navigation', { name: 'Main' });
    const collapse = rooms.getByRole('button', { name: 'Collapse', exact: true });
    const fleet = rooms.getByRole('link', { name: 'Fleet', exact: true });
    const width = async () => (await rooms.boundingBox()).width;
    await page.goto('/pools');
    await hydrated(page);
    const wide = await width();
    assert.equal(await collapse.getAttribute('aria-pressed'), 'false');
    await collapse.focus();
    await page.keyboard.press('Enter');
    await until('the rooms are icons', async () => (await width()) < wide / 3);
    assert.equal(new URL(page.url()).pathname, '/pools', 'one stays where one was');
    assert.deepEqual([await collapse.getAttribute('aria-pressed'), await fleet.getAttribute('title')], ['true', 'Fleet']);
    if (scripts) await assertAccessible(page);

    await page.goto('/settings');
    await hydrated(page);
    assert.ok((await width()) < wide / 3, 'the choice stays on the next page');
    await rooms.getByRole('link', { name: /^Control plane/ }).click();
    await page.waitForURL((url) => url.pathname === '/settings/health');
    await title(page).getByText('Health', { exact: true }).waitFor();
    await collapse.click();
    await until('the rooms have their names', async () => (await width()) === wide);
    await page.setViewportSize({ width: 390, height: 800 });
    await rooms.waitFor({ state: 'hidden' });

    // Where the window is narrow, the bar's button opens the same list.
    const menu = page.getByRole('banner').getByRole('button', { name: 'Rooms' });
    await menu.click();
    await rooms.waitFor();
    assert.equal(await collapse.count(), 0, 'there is nothing to be made smaller');
    if (scripts) await assertAccessible(page);
    await page.keyboard.press('Escape');
    await rooms.waitFor({ state: 'hidden' });
    await menu.click();
    await fleet.click();
    await page.waitForURL((url) => url.pathname === '/');
    await rooms.waitFor({ state: 'hidden' });
    await hydrated(page);
    await menu.click();
    // The room that one is in already.
    await fleet.click();
    await rooms.waitFor({ state: 'hidden' });
    await hydrated(page);

    // In a window that grows it is at the side, open or not.
    await menu.click();
    await rooms.waitFor();
    const before = page.viewportSize();
    await page.setViewportSize({ width: 1440, height: 900 });
    const atTheSide = async () => {
      const { x, y, width: across } = await rooms.boundingBox();
      return x === 0 && y > 0 && across === wide;
    };
    await until('the open rooms are at the side', atTheSide);
    await page.keyboard.press('Escape');
    await until('the rooms are at the side', atTheSide);
    await page.setViewportSize(before);
    await rooms.waitFor({ state: 'hidden' });
  });
}

test('a reviewed form says itself as a command and as a request', async () => {
  const { page } = await scene.person('Mara');
  const command = main(page).getByRole('group', { name: 'Command', exact: true });
  const request = main(page).getByRole('group', { name: 'HTTP request', exact: true });
  await open(page, `${POOL}/edit`);
  await page.getByLabel('At most', { exact: true }).fill('7');
  await review(page);
  await main(page).getByText('As a command', { exact: true }).click();
  assert.equal(await words(command), 'g vm scale-pool backend-pool --min 1 --max 7 --environment dev');
  assert.match(await words(request), /^POST \/api\/v1\/environments\/dev\/changes .* "edit": "update_pool"/);

  const { page: still } = await scene.person('Mara', { scripts: false });
  await still.goto('/firewall/dev/allow-agent-ssh/delete');
  await main(still).getByText('As a command', { exact: true }).click();
  await main(still).getByText('No verb of g says exactly this.').waitFor();
  const other = main(still).getByRole('group', { name: 'HTTP request', exact: true });
  assert.match(await words(other), /"edit": "delete_firewall_rule", "key": "allow-agent-ssh"/);
});
