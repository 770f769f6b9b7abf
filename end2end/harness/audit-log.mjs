// The audit log as it leaves the house: the file behind the page's Export, and its proof.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Exports the events of this address of the audit page, by a person who may: the file's name and text. */
export async function exported(page, address) {
  await page.goto(address);
  const coming = page.waitForEvent('download');
  await page.getByRole('main').getByRole('link', { name: 'Export' }).click();
  const download = await coming;
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

/** The recipe of docs/audit-export.md: the numbers of the events, all of which are right. */
export function recompute(text) {
  let last = { seq: 0, hash: '0'.repeat(64) };
  return text.trimEnd().split('\n').map((line) => {
    const { hash, leaf } = JSON.parse(line);
    const bytes = Buffer.from(leaf, 'utf8');
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(bytes.length));
    const computed = createHash('sha256').update('agent-manager.audit-leaf/v1\0').update(length).update(bytes).digest('hex');
    assert.equal(computed, hash, line);
    const said = JSON.parse(leaf);
    const seq = Number(said.seq);
    assert.ok(seq > last.seq, line);
    if (seq === last.seq + 1) assert.equal(said.prev, last.hash, line);
    last = { seq, hash };
    return seq;
  });
}
