// What several specs read from the face, by role and name as a person finds it.

import assert from 'node:assert/strict';

/** A click is over when its answer begins: what is read without waiting is read once all of the document is there. */
const whole = (page) => page.waitForLoadState();

/** What a part of the page says, in one line. */
export async function words(locator) {
  await whole(locator.page());
  return (await locator.innerText()).replace(/\s+/g, ' ').trim();
}

export function main(page) {
  return page.getByRole('main');
}

/** The badge that says how fresh the page is. */
export function freshness(page) {
  return page.getByRole('banner').getByRole('status');
}

/** The page's one heading. */
export function title(page) {
  return page.getByRole('heading', { level: 1 });
}

/** A phase of a change's page. */
export function phase(page, name) {
  return main(page)
    .getByRole('group')
    .filter({ has: page.getByRole('heading', { name, exact: true, level: 2 }) });
}

/** The rows of a table's body as lists of their cells' words. */
export async function tableRows(table) {
  await whole(table.page());
  const rows = [];
  for (const row of await table.getByRole('row').all()) {
    const heads = await row.getByRole('rowheader').allInnerTexts();
    const cells = await row.getByRole('cell').allInnerTexts();
    if (heads.length > 0) rows.push([...heads, ...cells].map((text) => text.replace(/\s+/g, ' ').trim()));
  }
  return rows;
}

/** What stands under a field that is refused. */
export async function describedBy(page, label) {
  const field = page.getByLabel(label, { exact: true });
  assert.equal(await field.getAttribute('aria-invalid'), 'true', `${label} is refused`);
  return words(page.locator(`#${await field.getAttribute('aria-describedby')}`));
}

/** The sentences of the audit page, oldest first. */
export async function story(page) {
  await whole(page);
  const items = await main(page).getByRole('region', { name: 'Events' }).getByRole('listitem').allInnerTexts();
  return items.map((text) => text.replace(/\s+/g, ' ').trim()).reverse();
}

/** Asserts that the story has these steps in this order, with anything between them. */
export function assertStory(told, steps) {
  let from = 0;
  for (const step of steps) {
    const at = told.findIndex((sentence, index) => index >= from && step.test(sentence));
    assert.notEqual(at, -1, `${step} is not told after event ${from} of:\n  ${told.join('\n  ')}`);
    from = at + 1;
  }
}

/** Marks the document; `assertSameDocument` fails when the page was loaded anew since. */
export function markDocument(page) {
  return page.evaluate(() => {
    window.markedForTests = true;
  });
}

export async function assertSameDocument(page) {
  assert.equal(await page.evaluate(() => window.markedForTests), true, 'the page was loaded anew');
}
