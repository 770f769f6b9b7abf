// A server that dies in the middle of a change finishes it when it is back, once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openScene } from '../harness/scene.mjs';
import { example, planImport } from '../seed.mjs';

const scene = openScene();

test('a change that was being applied is finished after a crash, with no second effect', async () => {
  const { page } = await scene.person('Mara', { scripts: false });
  await planImport(page, await example('basic.tf'));
  await page.getByRole('button', { name: 'Propose change' }).click();
  await page.waitForURL(/\/changes\//);
  const change = page.url();
  // Away from the server: what breaks on an open page is another test's matter.
  await page.goto('about:blank');
  await scene.stack.order('kill', 'server');
  await scene.stack.order('start', 'server');

  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await page.request.get('/pools/dev/backend-pool/instances');
    const running = (await answer.text()).match(/>Running</g)?.length ?? 0;
    if (running === 2) break;
    assert.ok(Date.now() < deadline, `a minute after the restart ${running} VMs run, not 2 (${answer.status()})`);
    await page.waitForTimeout(500);
  }
  // Compute Engine itself: one group, two templates, as the plan said.
  const list = async (path) => {
    const answer = await fetch(`${scene.stack.emulator}/compute/v1/projects/genesis-project-dev/${path}`);
    assert.equal(answer.status, 200, path);
    return (await answer.json()).items ?? [];
  };
  assert.equal((await list('regions/us-central1/instanceGroupManagers')).length, 1);
  assert.equal((await list('global/instanceTemplates')).length, 2);
  assert.equal((await page.goto(change)).status(), 200);
});
