// The browser part of `cargo xtask test`: runs the spec files that are named, for people on the standard output and as TAP
// into the file that stands before them.

import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { run } from 'node:test';
import { spec, tap } from 'node:test/reporters';

// Those that take two minutes or more, the longest first: one that began last would end alone. `node --test` goes by the
// alphabet, whatever the order it is given.
const LONGEST = ['accessible', 'story', 'pools', 'templates', 'health', 'approvals', 'settings'];

function place(file) {
  const at = LONGEST.indexOf(basename(file, '.spec.mjs'));
  return at === -1 ? LONGEST.length : at;
}

const [report, ...files] = process.argv.slice(2);
if (files.length === 0) throw new Error('usage: node run.mjs REPORT SPEC…');
files.sort((one, other) => place(one) - place(other));

// Two stacks and two browsers at a time are what two cores carry. A file that takes ten minutes hangs.
const tests = run({ files, concurrency: 2, timeout: 600_000 });
tests.on('test:fail', () => {
  process.exitCode = 1;
});
tests.compose(new spec()).pipe(process.stdout);
tests.compose(tap).pipe(createWriteStream(report));
