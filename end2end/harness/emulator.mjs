// Compute Engine as the emulator plays it: what it lists, and the switches by which things go wrong on demand
// (docs/compute-emulator.md has them all).

import assert from 'node:assert/strict';

async function call(url, method, body) {
  const headers = body ? { 'Content-Type': 'application/json' } : {};
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const said = await answer.text();
  assert.equal(answer.status, 200, `${method} ${url}: ${said}`);
  return JSON.parse(said);
}

/** Switches a fault on; gives the way to switch it off again. */
export async function fault(stack, kind, wishes) {
  const { id } = await call(`${stack.emulator}/emulator/faults`, 'POST', { kind, ...wishes });
  return () => call(`${stack.emulator}/emulator/faults/${id}`, 'DELETE');
}

/** Lets each agent of a group show this much of its processor, so that an autoscaler rests. */
export function load(stack, { project, region, group }, cpu) {
  return call(`${stack.emulator}/emulator/loads/${project}/${region}/${group}`, 'PUT', { cpu });
}

/** A resource as Compute Engine has it: `resource(stack, 'genesis-project-dev', 'global/firewalls/ssh')`. */
export function resource(stack, project, path) {
  return call(`${stack.emulator}/compute/v1/projects/${project}/${path}`, 'GET');
}

/** What Compute Engine lists under a path. */
export async function listed(stack, project, path) {
  return (await resource(stack, project, path)).items ?? [];
}

/** Presses the button on a machine: the VM boots again. `path` as in `resource`. */
export function reset(stack, project, path) {
  return call(`${stack.emulator}/compute/v1/projects/${project}/${path}/reset`, 'POST', {});
}

/** A group's instances as it manages them. */
export async function managed(stack, { project, region, group }) {
  const path = `regions/${region}/instanceGroupManagers/${group}/listManagedInstances`;
  const answer = await call(`${stack.emulator}/compute/v1/projects/${project}/${path}`, 'POST', {});
  return answer.managedInstances ?? [];
}
