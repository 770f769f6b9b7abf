// The door: in, out, where one arrives, and what a person without the role may not do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible } from '../harness/axe.mjs';
import { openScene } from '../harness/scene.mjs';
import { hydrated } from '../harness/browser.mjs';
import { signIn, signOut } from '../harness/sign-in.mjs';
import { example, planImport } from '../seed.mjs';
import { main, title, words } from './face.mjs';

const scene = openScene();

/** Goes through the door from where the page is, and gives the address where that ends. */
async function enter(page, name) {
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: new RegExp(`^${name}\\b`) }).click();
  await page.waitForURL((url) => url.origin === scene.stack.url && !url.pathname.startsWith('/sign-in'));
  await hydrated(page);
  return page.url();
}

test('in, to the page that was asked for, and out again', async () => {
  const { page, context } = await scene.visitor();
  await page.goto('/changes?state=failed');
  const door = new URL(page.url());
  assert.equal(door.pathname, '/sign-in');
  assert.equal(await enter(page, 'Jonah'), `${scene.stack.url}/changes?state=failed`);
  assert.equal(await title(page).innerText(), 'Changes');

  await page.getByLabel('Jonah, account').click();
  const account = page.getByRole('banner').getByRole('group').filter({ hasText: 'Sign out' });
  assert.match(await words(account), /Jonah.*operator/i);
  await page.keyboard.press('Escape');
  await page.goto('/');
  await hydrated(page);

  const [cookie] = (await context.cookies()).filter(({ name }) => name === '__Host-agent-manager');
  assert.ok(cookie.httpOnly && cookie.secure && cookie.path === '/' && cookie.sameSite === 'Lax', JSON.stringify(cookie));

  await signOut(page);
  await main(page).getByText('You are signed out.').waitFor();
  await page.goto('/audit');
  assert.equal(new URL(page.url()).pathname, '/sign-in');

  // The old cookie opens nothing: the session ended on the server too.
  await context.addCookies([cookie]);
  await page.goto('/audit');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
});

test('an address of somebody else is not followed', async () => {
  const { page } = await scene.visitor({ scripts: false });
  for (const next of ['https://example.org/', '//example.org/', '/\\example.org', '/sign-out', 'javascript:alert(1)']) {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    assert.equal(await enter(page, 'Mara'), `${scene.stack.url}/`, next);
  }
});

test('who turns back at the issuer is told so, and so is who comes back without having left', async () => {
  const { page } = await scene.visitor({ scripts: false });
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Go back without signing in' }).click();
  await page.waitForURL(/\/sign-in\?error=denied$/);
  await main(page).getByText('The sign-in was cancelled at the issuer.').waitFor();

  await page.goto('/sign-in/callback?code=planted&state=planted');
  await main(page).getByText('The sign-in took too long, or began in another window. Try again.').waitFor();
  await page.goto('/pools');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
});

test('a viewer plans, but cannot propose; forced, it is refused by a page that names the role', async () => {
  const { page, forgive } = await scene.person('Vera');
  await planImport(page, await example('basic.tf'));
  const propose = main(page).getByRole('button', { name: 'Propose change' });
  assert.equal(await propose.getAttribute('aria-disabled'), 'true');
  const panel = main(page).getByRole('region', { name: 'Propose it' });
  assert.match(await words(panel), /To propose a change takes the role operator or admin\./);
  // It does nothing, and the page stays.
  await propose.click({ force: true });
  await main(page).getByRole('region', { name: 'Impact' }).waitFor();

  forgive(/status of 403/);
  const answer = page.waitForResponse((response) => response.request().method() === 'POST' && response.url().endsWith('/import'));
  await propose.evaluate((button) => {
    const forced = document.createElement('button');
    Object.assign(forced, { type: 'submit', name: 'intent', value: 'propose' });
    button.closest('form').append(forced);
    forced.click();
  });
  assert.equal((await answer).status(), 403);
  const refusal = main(page).getByRole('alert').filter({ hasText: /propose a change/ });
  assert.match(await words(refusal), /operator or admin/);
  assert.match(await words(refusal), /Request [0-9a-f-]{8,}/);
  await assertAccessible(page);

  await page.goto('/changes');
  await main(page).getByText('Nothing was proposed yet').waitFor();
});

test('when the session has ended elsewhere, a page leads back to the door, and from there to where one was', async () => {
  const { page, tab, forgive } = await scene.person('Mara');
  const other = await tab();
  await other.goto('/');
  await hydrated(other);
  // The other tab's stream is told too, and perhaps before its page has left.
  forgive(/status of 401/);
  await signOut(other);

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Pools' }).click();
  await title(page).getByText('You are not signed in').waitFor();
  await assertAccessible(page);
  await main(page).getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => url.pathname === '/sign-in');
  assert.equal(await enter(page, 'Mara'), `${scene.stack.url}/pools`);
  await title(page).getByText('Pools', { exact: true }).waitFor();
});

test('a form that is sent after its session ended is kept, and is sent again once one has signed in', async () => {
  const { page, context, forgive } = await scene.person('Mara', { scripts: false });
  await page.goto('/import');
  await page.getByLabel('Module block').fill('module "x" {');
  await context.clearCookies();
  forgive(/status of 401/);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await page.getByRole('heading', { name: 'Nothing was done: you are not signed in' }).waitFor();

  const [door] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('link', { name: 'Sign in in another tab' }).click(),
  ]);
  await door.getByRole('link', { name: 'Sign in', exact: true }).click();
  await door.getByRole('button', { name: /^Mara\b/ }).click();
  await door.waitForURL((url) => url.origin === scene.stack.url && !url.pathname.startsWith('/sign-in'));
  await page.getByRole('button', { name: 'Send it again' }).click();
  await main(page).getByRole('alert', { name: /^The text cannot be read/ }).waitFor();
  assert.equal(await page.getByLabel('Text', { exact: true }).inputValue(), 'module "x" {');
});

test('every sign-in and sign-out is in the audit log', async () => {
  const { page } = await scene.visitor();
  await signIn(page, 'Ada', '/audit');
  const events = await words(main(page).getByRole('region', { name: 'Events' }));
  for (const sentence of ['Ada signed in', 'Mara signed out', 'Jonah signed in', 'Vera signed in']) {
    assert.ok(events.includes(sentence), `"${sentence}" is missing in: ${events}`);
  }
});
