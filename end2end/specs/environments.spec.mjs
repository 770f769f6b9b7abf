// Two environments: an instance is named without its own, and the frame says all the same which one that is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hydrated } from '../harness/browser.mjs';
import { load } from '../harness/emulator.mjs';
import { BACKEND, openFleet } from '../harness/fleet.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { ANSWERS, example, planImport } from '../seed.mjs';
import { main, title } from './face.mjs';
import { applied, proposeReviewed } from './proposals.mjs';

const scene = openScene({ returns: true });

/** Addresses of an instance of dev, and of one of the other environment. */
let here;
let there;

const PROJECT = 'genesis-project-development';

/** The basic example as another environment in which changes run at once. */
async function another() {
  const text = await example('basic.tf');
  return text.replace('environment = "dev"', 'environment = "development"').replace('genesis-project-dev', PROJECT);
}

openFleet(scene, {
  rests: true,
  timeout: 300_000,
  settle: async (page, seeded) => {
    here = seeded.instance;
    await load(scene.stack, { ...BACKEND, project: PROJECT }, 0.5);
    const answers = Object.entries(ANSWERS).map(([reference, value]) => [reference, value.replace('genesis-project-dev', PROJECT)]);
    await planImport(page, await another(), Object.fromEntries(answers));
    await applied(page, await proposeReviewed(page, 'A second fleet'));
    there = await until(
      'an instance of the other environment is listed',
      async () => {
        await page.goto('/instances?environment=development');
        const link = main(page).getByRole('link', { name: /^agent-/ }).first();
        return (await link.count()) > 0 && link.getAttribute('href');
      },
      { within: 60_000, every: 500 },
    );
  },
});

for (const scripts of [true, false]) {
  test(`the picker names the environment of the instance that is shown, and leads to the instances of another, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { page } = await scene.person('Vera', { scripts });
    const banner = page.getByRole('banner');
    const picker = (environment) => banner.getByLabel(`${environment} us-central1, environment`, { exact: true });
    // The region stands right behind the name.
    const option = (environment) => banner.getByRole('link', { name: new RegExp(`^${environment}\\s*us-central1$`) });
    const name = there.split('/').at(-1);
    assert.ok(!there.includes('development'), 'its address does not say where it is');

    await page.goto(there);
    await hydrated(page);
    await title(page).getByText(name, { exact: true }).waitFor();
    await picker('development').click();
    assert.equal(await option('development').getAttribute('aria-current'), 'true');
    assert.equal(await option('dev').getAttribute('aria-current'), null);
    // So do the rooms beside the page.
    const room = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Instances', exact: true });
    assert.equal(await room.getAttribute('href'), '/instances?environment=development');

    await option('dev').click();
    await page.waitForURL((address) => address.pathname === '/instances' && address.searchParams.get('environment') === 'dev');
    await picker('dev').waitFor();
    const rows = main(page).getByRole('group', { name: 'Instances' }).getByRole('link', { name: /^agent-/ });
    await until('the instances of dev are listed', async () => {
      const listed = await Promise.all((await rows.all()).map((row) => row.getAttribute('href')));
      return listed.includes(here) && !listed.includes(there);
    });

    // Who goes back is where they were.
    await page.goBack();
    await title(page).getByText(name, { exact: true }).waitFor();
    await picker('development').waitFor();
  });
}
