// A small fleet, made as a person makes it: import the first example, fill in what only Terraform knows, propose.

import { readFile } from 'node:fs/promises';
import { hydrated } from './harness/browser.mjs';
import { until } from './harness/until.mjs';

/** What the example refers to outside of itself, and what a person of this demo would answer. */
export const ANSWERS = {
  'module.networking.vpc_id': 'projects/genesis-project-dev/global/networks/agents',
  'module.networking.subnet_id': 'projects/genesis-project-dev/regions/us-central1/subnetworks/agents',
};

/** The same of a project of production. */
export const PRODUCTION_ANSWERS = Object.fromEntries(
  Object.entries(ANSWERS).map(([reference, value]) => [reference, value.replace('genesis-project-dev', 'genesis-project-prod')]),
);

/** Reads one of the repository's examples. */
export function example(name) {
  return readFile(new URL(`../examples/${name}`, import.meta.url), 'utf8');
}

/** Pastes a text into the import page and plans it, answering each question it asks. */
export async function planImport(page, text, answers = ANSWERS) {
  await page.goto('/import');
  await hydrated(page);
  await page.getByLabel('Module block').fill(text);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  const again = page.getByRole('button', { name: 'Plan with these values' });
  const propose = page.getByRole('button', { name: 'Propose change' });
  await again.or(propose).first().waitFor();
  if (await again.isVisible()) {
    for (const [reference, answer] of Object.entries(answers)) {
      const field = page.getByLabel(reference, { exact: true });
      if ((await field.count()) > 0) await field.fill(answer);
    }
    await again.click();
  }
}

/** The basic example as an environment of production. */
export async function production(name) {
  const text = await example('basic.tf');
  return text.replace('environment = "dev"', `environment = "${name}"`).replace('genesis-project-dev', `genesis-project-${name}`);
}

/** Proposes a change that waits for people to sign it, and gives its path. */
export async function proposeProduction(page, name = 'prod') {
  await planImport(page, await production(name), PRODUCTION_ANSWERS);
  await page.getByLabel('Reason, shown to all').fill('Production needs its first fleet');
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\/chg-\d+$/);
  return new URL(page.url()).pathname;
}

/** Imports `examples/basic.tf` and waits until its agents live. Gives the paths of what came into being. */
export async function seed(page, { within = 60_000 } = {}) {
  await planImport(page, await example('basic.tf'));
  await page.getByLabel('Reason, shown to all').fill('The first fleet of this demo');
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\//);
  const change = new URL(page.url()).pathname;

  // There is no pool before the change is claimed, and its page answers when what runs is what should run: nothing else is
  // waited for. Asked anew each time, so that it works without scripts.
  const pool = await until('the pool is there', async () => {
    await page.goto('/pools');
    const link = page.locator('main a[href^="/pools/dev/"]').first();
    return (await link.count()) > 0 && link.getAttribute('href');
  }, { within });
  await until('two VMs run', async () => {
    await page.goto(`${pool}/instances`);
    return (await page.locator('main').getByText(/^running$/i).count()) >= 2;
  }, { within, every: 500 });
  const instance = await page.locator('main a[href^="/instances/"]').first().getAttribute('href');
  return { change, pool, instance };
}
