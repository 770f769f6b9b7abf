// The way in and out, and what a viewer is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openScene } from '../harness/scene.mjs';
import { signIn, signOut } from '../harness/sign-in.mjs';

const scene = openScene();

test('a stranger is led to the door and comes out where they wanted to go', async () => {
  const { page } = await scene.visitor();
  await page.goto('/changes');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: /^Mara\b/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Changes' }).waitFor();
});

test('signing out ends the session', async () => {
  const { page } = await scene.person('Mara');
  await signOut(page);
  await page.goto('/pools');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
});

test('one comes in and goes out with scripts blocked', async () => {
  const { page } = await scene.visitor({ scripts: false });
  await signIn(page, 'Vera');
  await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor();
  await signOut(page);
});
