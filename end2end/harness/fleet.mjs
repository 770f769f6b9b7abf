// What many test files begin with: the small fleet, there before their first test.

import { before } from 'node:test';
import { seed } from '../seed.mjs';
import { load } from './emulator.mjs';

/** The fleet's one pool in Compute Engine. */
export const BACKEND = { project: 'genesis-project-dev', region: 'us-central1', group: 'genesis-pool-backend-pool' };

/**
 * Call once at the top of a test file. The pool scales itself; with `rests` it has a load that suits its two VMs, and
 * keeps them. `settle(page, seeded)` is what else is done or waited for, in `timeout` with all the rest; its page has no scripts.
 */
export function openFleet(scene, { rests = false, settle = async () => {}, timeout = 150_000 } = {}) {
  before(
    async () => {
      // Without scripts a page is there as soon as its bytes are.
      const { page, context } = await scene.person('Mara', { scripts: false });
      if (rests) await load(scene.stack, BACKEND, 0.5);
      await settle(page, await seed(page));
      await context.close();
    },
    { timeout },
  );
}
