// Search: Ctrl+K, a part of a name, and there; and the page that answers the same without scripts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { hydrated } from '../harness/browser.mjs';
import { openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { assertSameDocument, describedBy, main, markDocument, title } from './face.mjs';

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
  // The page has arrived: its heading is there.
  await page.getByRole('heading', { level: 1, name: 'Templates' }).waitFor();

  await page.keyboard.press('Control+k');
  await palette(page).waitFor();
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

test('an answer that was overtaken takes no match away', async () => {
  const { page } = await scene.person('Vera');
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/fn/find_by_name', async (route) => {
    if (route.request().postData() === 'text=b') await released;
    await route.continue();
  });
  await page.goto('/changes');
  await hydrated(page);
  await page.keyboard.press('Control+k');
  await palette(page).waitFor();
  await page.keyboard.type('backend-pool');
  const pool = palette(page).getByRole('link', { name: /backend-pool pool in dev/ });
  await pool.waitFor();
  await page.keyboard.press('ArrowDown');
  const overtaken = page.waitForResponse((response) => response.request().postData() === 'text=b');
  release();
  await (await overtaken).finished();
  // The page hears the answer before anything that is asked of it afterwards.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));
  assert.ok(await pool.evaluate((link) => link === document.activeElement), 'the match is still the one chosen');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/pools\/dev\/backend-pool$/);
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

/** The words that the query box took, each with its way out. */
function chips(page) {
  return main(page).getByRole('group', { name: 'Words of the query' }).getByRole('link');
}

async function ask(page, text) {
  await main(page).getByLabel('Find', { exact: true }).fill(text);
  await main(page).getByRole('button', { name: 'Find' }).click();
  await page.waitForURL((address) => (address.searchParams.get('q') ?? '') === text);
}

test('a list is asked by words, and each word is taken away by its chip, without a script', async () => {
  const { page } = await scene.person('Vera', { scripts: false });
  const instances = () => main(page).getByRole('link', { name: /^agent-/ }).count();
  await page.goto('/instances?environment=dev');
  assert.equal(await instances(), 2);
  await main(page).getByText('2 instances', { exact: true }).waitFor();
  await ask(page, 'pool:backend-pool age<30d');
  assert.equal(await instances(), 2);
  assert.deepEqual(await chips(page).allInnerTexts(), ['pool:backend-pool', 'age<30d']);
  await main(page).getByRole('link', { name: 'Older than 30 days' }).click();
  await main(page).getByText('No instance is like that').waitFor();
  await ask(page, 'pool:elsewhere agent');
  assert.equal(await instances(), 0);
  await main(page).getByRole('link', { name: 'Remove pool:elsewhere' }).click();
  await page.waitForURL((address) => address.searchParams.get('q') === 'agent' && address.searchParams.get('environment') === 'dev');
  assert.equal(await instances(), 2);
});

test('a word that cannot be read is named, with what to write', async () => {
  const { page } = await scene.person('Vera', { scripts: false });
  await page.goto('/changes?q=size:4%20age%3E2');
  const said = await describedBy(page, 'Find');
  assert.match(said, /`size:4`: there is no such key: it is one of state, by, age/);
  assert.match(said, /`age>2`: write a number and its unit/);
  await main(page).getByText('The words cannot be read').waitFor();
  await ask(page, 'state:applied by:"Mara Lind","Mara" age<1d');
  await main(page).getByRole('table').getByRole('link').first().waitFor();
  await main(page).getByRole('link', { name: 'Remove state:applied' }).click();
  await page.waitForURL((address) => !address.search.includes('applied'));
  await ask(page, 'state:applied by:nobody');
  await main(page).getByText('No change is like that').waitFor();
});
