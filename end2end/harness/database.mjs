// The stack's database, as whoever owns its tables reaches it behind the control plane: by Postgres' own client.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs SQL as the product's own role, all of it or nothing. */
export async function sql({ psql, database }, statements) {
  await run(psql, ['-Xq', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', statements]);
}
