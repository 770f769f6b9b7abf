// The way in and the way out, as a person goes it: through the issuer's page. There is no shortcut to test with.

import assert from 'node:assert/strict';
import { hydrated } from './browser.mjs';

/** Signs a persona in (`Mara`, `Wen`, `Noor`, `Ines`, `Jonah`, `Vera`, `Ada`) and ends on `next`, the Fleet page by default. */
export async function signIn(page, name, next = '/') {
  await page.goto(next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  // A persona's button is named by name and title: "Mara SRE".
  await page.getByRole('button', { name: new RegExp(`^${name}\\b`) }).click();
  await page.waitForURL((url) => url.pathname + url.search === next);
  await hydrated(page);
}

/** Ends the session from wherever the person is. */
export async function signOut(page) {
  await page.getByLabel(/, account$/).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((url) => url.pathname === '/sign-in');
  const left = (await page.context().cookies()).map(({ name }) => name);
  assert.ok(!left.includes('__Host-agent-manager'), `a session is left: ${left}`);
}
