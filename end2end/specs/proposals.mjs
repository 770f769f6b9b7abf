// Changes as people make them: a form is reviewed and proposed, those who must agree sign, and the fleet follows.

import { hasScripts, hydrated } from '../harness/browser.mjs';
import { until } from '../harness/until.mjs';
import { main } from './face.mjs';

/** A step of Compute Engine takes seconds; this is for a machine that has more to do. */
const FOLLOWS = 120_000;

/** Has the open form reviewed: the server answers with the page anew. */
export async function review(page) {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: /^Review (change|again)$/ }).click()]);
  await hydrated(page);
}

/** Proposes what the open form shows; `verb` is what its button says. Gives the change's path. */
export async function proposeReviewed(page, reason, verb = 'Propose change') {
  await page.getByLabel('Reason, shown to all').fill(reason);
  await page.getByRole('button', { name: verb, exact: true }).click();
  await page.waitForURL(/\/changes\/chg-\d+$/);
  return new URL(page.url()).pathname;
}

/** Waits until the change is applied, whether or not the page has scripts to follow it. */
export async function applied(page, change) {
  const told = main(page).getByText('Applied', { exact: true }).first();
  if (hasScripts(page)) {
    if (new URL(page.url()).pathname !== change) await page.goto(change);
    await told.waitFor({ timeout: FOLLOWS });
    return;
  }
  const followed = async () => {
    await page.goto(change);
    await told.waitFor({ timeout: 500 });
  };
  await until(`${change} is applied`, followed, { within: FOLLOWS });
}

/** Signs a vote with the person's passkey. */
export async function vote(page, change, verb, reason = '') {
  await page.goto(change);
  await hydrated(page);
  if (reason) await page.getByLabel('Reason, shown to all').fill(reason);
  await page.getByRole('button', { name: verb, exact: true }).click();
  const past = verb === 'Approve' ? 'You approved' : 'You rejected';
  await page.getByRole('status').getByText(past).waitFor();
}

/** The panel of a change's page in which one votes. */
export function signature(page) {
  return main(page).getByRole('region', { name: 'Your signature' });
}
