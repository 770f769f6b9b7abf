// The processes of this machine: who descends from whom, and who still runs.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** `PID (name) STATE PPID …`: the name may hold anything, so fields are counted from the last parenthesis. */
function parsed(stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid: Number.parseInt(stat, 10), zombie: fields[0] === 'Z', parent: Number(fields[1]), began: fields[19] };
}

function stats() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/stat`, 'utf8')];
    } catch {
      return [];
    }
  });
}

/** Where there is no /proc. */
function asked() {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,state=,lstart='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, parent, state, ...began] = line.trim().split(/\s+/);
    return { pid: Number(pid), zombie: state.startsWith('Z'), parent: Number(parent), began: began.join(' ') };
  });
}

/** All that run. A zombie has ended: who it belonged to has not looked yet. */
function running() {
  const all = existsSync('/proc/self/stat') ? stats().map(parsed) : asked();
  return all.filter(({ zombie }) => !zombie);
}

/** A process and all that descend from it, parents first. None when it has ended. */
export function family(pid) {
  const all = running();
  const found = all.filter((one) => one.pid === pid);
  for (const { pid: parent } of found) found.push(...all.filter((one) => one.parent === parent));
  return found;
}

/** Those of these processes that run still. By their number alone they could be a stranger by now. */
export function left(processes) {
  const all = running();
  return processes.filter(({ pid, began }) => all.some((one) => one.pid === pid && one.began === began));
}

/** Ends them all at once as a power cut would: nobody is asked, nobody can tell another. */
export function killAll(processes) {
  for (const { pid } of left(processes)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}
