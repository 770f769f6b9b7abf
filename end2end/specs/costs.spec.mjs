// Costs: what ran shows as money, a budget gives its notice once, and every change says what the month will cost.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { hydrated } from '../harness/browser.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { example, planImport } from '../seed.mjs';
import { main, phase, tableRows, words } from './face.mjs';

const scene = openScene({ returns: true });
let change;

before(
  async () => {
    const { page, context } = await scene.person('Mara');
    // Larger machines: half a cent is spent in half a minute.
    const text = (await example('basic.tf')).replace('"e2-standard-2"', '"e2-standard-8"');
    await planImport(page, text);
    assert.match(await words(main(page)), /Cost a month \$422 from \$0\.00, at list prices/);
    await page.getByRole('button', { name: 'Propose change' }).click();
    await page.waitForURL(/\/changes\//);
    change = new URL(page.url()).pathname;
    // Before it is claimed there is no pool.
    await phase(page, 'Verify').getByText(/observed equals desired/).waitFor({ timeout: 60_000 });
    await until('two VMs run', async () => {
      await page.goto('/pools/dev/backend-pool/instances');
      return (await main(page).getByText(/^running$/i).count()) === 2;
    }, { within: 60_000 });
    await context.close();
  },
  { timeout: 150_000 },
);

test('what runs costs, by pool, agent type and day', async () => {
  const { page } = await scene.person('Vera');
  await page.goto('/costs');
  await hydrated(page);
  const figure = main(page).getByRole('figure', { name: 'Cost by day' });
  await figure.waitFor();
  assert.match(await words(main(page).locator('.lead')), /so far this month; \$[\d.,]+ by its end/);
  await until('something is spent', async () => {
    await page.goto('/costs');
    const [row] = await tableRows(main(page).getByRole('group', { name: 'By pool' }));
    return /backend-pool/.test(row[0]) && row[1] !== '$0.00' && row[5] === '2' && row[6] === '$422';
  });
  const [type] = await tableRows(main(page).getByRole('group', { name: 'By agent type' }));
  assert.match(type[0], /backend-developer/);
  // One table stands under the other, and so does each of its columns.
  const table = (name) => main(page).getByRole('group', { name });
  const columns = (name) => table(name).getByRole('columnheader').evaluateAll((heads) => heads.map((head) => head.getBoundingClientRect().x));
  const size = page.viewportSize();
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual(await columns('By agent type'), await columns('By pool'), `${width} px`);
    // The tables scroll by themselves.
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${width} px`);
  }
  await page.setViewportSize(size);
  // Nor does a figure run into its neighbour's, were it the longest: in a line of its own, which goes again.
  const fits = await table('By pool').getByRole('row').last().evaluate((row) => {
    const line = row.cloneNode(true);
    row.after(line);
    // Spent, On-demand, Spot, A month at this size: the others are no amounts.
    const cells = [1, 3, 4, 6].map((place) => line.children[place]);
    for (const cell of cells) cell.textContent = 'at least $1,234.56';
    const room = () => cells.map((cell) => cell.scrollWidth <= cell.clientWidth);
    const parted = room();
    for (const cell of cells) cell.textContent = 'under\u00a0$0.01';
    const unparted = room();
    line.remove();
    return [...parted, ...unparted];
  });
  assert.deepEqual(fits, Array(8).fill(true));
  assert.match(await words(main(page)), /Cloud Billing Catalog.* read 2026-/);

  // By keys: the read-out follows.
  await hydrated(page);
  const slider = page.getByRole('slider', { name: 'Read Cost by day' });
  await slider.focus();
  await page.keyboard.press('Home');
  assert.match(await words(figure.locator('output')), /^1 \w+ on-demand \$/);

  // The same as a table.
  await figure.getByText('Show data').click();
  assert.ok((await figure.getByRole('row').count()) > 1);
  assert.match(await words(main(page).getByRole('button', { name: 'Set budget' }).locator('..')), /takes the role admin/);
});

test('a pool has its part of the month, and the month is had as a file', async () => {
  const { page } = await scene.person('Vera');
  await page.goto('/pools/dev/backend-pool');
  await hydrated(page);
  await main(page).getByRole('navigation', { name: 'Pool' }).getByRole('link', { name: 'Cost' }).click();
  await page.waitForURL('**/pools/dev/backend-pool/cost');
  await main(page).getByRole('figure', { name: 'Cost by day' }).waitFor();
  const [vm] = await tableRows(main(page).getByRole('group', { name: 'A VM an hour' }));
  assert.match(vm[0], /^e2-standard-8 on-demand$/);
  assert.equal(vm[1], '2');
  assert.ok(vm.slice(2, 6).every((price) => /^\$0\.\d{4}$/.test(price)), vm.join(' | '));
  assert.match(vm[6], /^2026-\d\d-\d\d/);
  await main(page).getByRole('link', { name: 'Costs of dev' }).click();
  await page.waitForURL(/\/costs\?environment=dev$/);
  await hydrated(page);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    main(page).getByRole('link', { name: 'Download CSV' }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^costs-2\d{3}-\d\d\.csv$/);
  assert.match(await readFile(await file.path(), 'utf8'), /^day,environment,pool,.*\n[\d-]+,dev,backend-pool,backend-developer,e2-standard-8,standard,/);
});

test('a change says what the month costs before and after', async () => {
  const { page } = await scene.person('Vera');
  await page.goto(change);
  assert.match(await words(main(page)), /Cost a month \$422 from \$0\.00, at list prices; \$1,056 with every autoscaler at its maximum/);

  // And where the amount comes from: 2 VMs now, 1 to 5 by the bounds of its autoscaler.
  const cost = phase(page, 'Cost');
  assert.match(await words(cost), /\+\$422 a month/);
  await cost.getByRole('heading', { name: 'Cost' }).click();
  await cost.getByText('Difference', { exact: true }).waitFor();
  assert.match(await words(cost), /Before \$0\.00 a month After \$422 a month Difference \+\$422/);
  const [pool] = await tableRows(cost.getByRole('table'));
  assert.deepEqual(pool, ['backend-pool', 'e2-standard-8', '$211', '1 to 5', '$211 to $1,056']);
});

test('a budget gives a notice at its threshold, on Costs and on Fleet, and the log has it once', async () => {
  const { page, forgive } = await scene.person('Ada');
  forgive(/status of 422/);
  await page.goto('/costs');
  await hydrated(page);
  await page.getByLabel('Dollars a month').fill('ten');
  await page.getByRole('button', { name: 'Set budget' }).click();
  const refusal = main(page).getByRole('alert').filter({ hasText: 'write an amount of dollars' });
  assert.match(await words(refusal), /invalid Request [0-9a-f-]{36}$/);
  const meaning = await refusal.getByRole('link', { name: 'invalid', exact: true }).getAttribute('href');
  assert.equal(meaning, '/docs/errors.md#:~:text=invalid');
  await page.getByLabel('Dollars a month').fill('0.01');
  await page.getByRole('button', { name: 'Set budget' }).click();
  await main(page).getByText('set by Ada').waitFor();
  const notice = /dev has spent (50 %|80 %|all) ?of this month's budget|dev has spent this month's whole budget/;
  await until('the notice stands on Costs', async () => {
    await page.goto('/costs');
    return notice.test(await words(main(page)));
  }, { within: 90_000, every: 1000 });
  await until('the notice stands on Fleet', async () => {
    await page.goto('/');
    return notice.test(await words(main(page)));
  }, { within: 60_000, every: 1000 });
  const spend = main(page).getByRole('region', { name: 'Spend today' });
  assert.match(await words(spend), /^Spend today Costs .*\$[\d.,]+ of under \$0\.01 a day .*by the month's end, \d+ % of the budget of \$0\.01/);
  await main(page).getByRole('link', { name: 'See the costs' }).click();
  await page.waitForURL(/\/costs/);
  await page.goto('/audit');
  const log = await words(main(page));
  assert.match(log, /Ada set the budget of dev/);
  assert.equal(log.match(/costs saw 50 % of the budget of dev spent/g)?.length, 1);
});

test('a budget that somebody else set meanwhile is shown where it is refused', async () => {
  const { page, tab, forgive } = await scene.person('Ada');
  forgive(/status of 412/);
  const late = await tab();
  for (const open of [page, late]) {
    await open.goto('/costs');
    await hydrated(open);
  }
  const set = async (open, dollars) => {
    await open.getByLabel('Dollars a month').fill(dollars);
    await open.getByRole('button', { name: 'Set budget' }).click();
  };
  await set(page, '7000');
  const newer = (open) => main(open).getByText(/ of \$7,000\.00$/).first();
  await newer(page).waitFor();
  await set(late, '9000');
  const refusal = main(late).getByRole('alert').filter({ hasText: 'was set by somebody else meanwhile, and is $7,000.00 a month now' });
  await refusal.waitFor();
  await newer(late).waitFor();
  // Who has looked at it may set another.
  await set(late, '9000');
  await main(late).getByText(/ of \$9,000\.00$/).first().waitFor();
});
