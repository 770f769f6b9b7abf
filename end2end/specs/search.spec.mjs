// Search: Ctrl+K, a part of a name, and there; and the page that answers the same without scripts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { assertSameDocument, main, markDocument, title } from './face.mjs';

const scene = openScene({ returns: true });
openFleet(scene);

function palette(page) {
  return page.getByRole('dialog', { name: 'Search' });
}

test('the palette leads to pages and things by the keyboard alone', async () => {
  const { page } = await scene.person('Vera');
  await page.goto('/changes');
  await hydrated(page);
  await markDocument(page);
  await page.keyboard.press('Control+k');
  await palette(page).waitFor();
  await assertAccessible(page);
  await page.keyboard.type('templ');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/templates$/);
  await palette(page).waitFor({ state: 'hidden' });

  await page.keyboard.press('Control+k');
  await page.keyboard.type('backend-pool');
  const matches = palette(page).getByRole('list', { name: 'Matches' }).getByRole('link');
  await palette(page).getByRole('link', { name: /backend-pool pool in dev/ }).waitFor();
  assert.ok((await matches.count()) >= 3, 'the pool and its instances');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/pools\/dev\/backend-pool$/);
  assert.equal(await title(page).innerText(), 'backend-pool');
  await assertSameDocument(page);

  await page.keyboard.press('Control+k');
  await palette(page).waitFor();
  await page.keyboard.press('Escape');
  await palette(page).waitFor({ state: 'hidden' });
});

test('without scripts a page answers the same', async () => {
  const { page } = await scene.person('Vera', { scripts: false });
  await page.goto('/');
  await page.getByRole('banner').getByRole('link', { name: 'Search' }).click();
  await page.getByRole('searchbox', { name: 'Name' }).fill('chg-1');
  await main(page).getByRole('button', { name: 'Search' }).click();
  const found = main(page).getByRole('region', { name: 'Found' });
  await found.getByRole('link', { name: /chg-1 change in dev/ }).click();
  assert.equal(new URL(page.url()).pathname, '/changes/chg-1');

  await page.goto('/search?q=no-such-thing');
  await main(page).getByText('Nothing has that in its name').waitFor();
  await until('nothing leads anywhere', async () =>
    assert.equal(await main(page).getByRole('region', { name: 'Found' }).getByRole('link').count(), 0),
  );
});
