// Every page a person can be on, for the specs that go through all of them and for the pictures.
// `path` may be a function of what `seed` brought into being. `signedIn: false` is a page of the door.

export const pages = [
  { name: 'sign-in', path: '/sign-in', signedIn: false },
  { name: 'fleet', path: '/' },
  { name: 'pools', path: '/pools' },
  { name: 'pool', path: ({ pool }) => pool },
  { name: 'pool-instances', path: ({ pool }) => `${pool}/instances` },
  { name: 'pool-rollout', path: ({ pool }) => `${pool}/rollout` },
  { name: 'pool-new', path: '/pools/new' },
  { name: 'pool-edit', path: ({ pool }) => `${pool}/edit` },
  { name: 'pool-resize', path: ({ pool }) => `${pool}/resize` },
  { name: 'pool-version', path: ({ pool }) => `${pool}/version` },
  // Without a canary both say that there is none.
  { name: 'pool-promote', path: ({ pool }) => `${pool}/promote`, status: 422 },
  { name: 'pool-roll-back', path: ({ pool }) => `${pool}/roll-back`, status: 422 },
  { name: 'pool-delete', path: ({ pool }) => `${pool}/delete` },
  { name: 'pool-act', path: ({ pool }) => `${pool}/act` },
  { name: 'pool-changes', path: ({ pool }) => `${pool}/changes` },
  { name: 'templates', path: '/templates' },
  { name: 'template', path: '/templates/dev/backend-dev' },
  { name: 'template-types', path: '/templates/new' },
  { name: 'template-new', path: '/templates/new?agent_type=backend-developer' },
  { name: 'template-edit', path: '/templates/dev/backend-dev/edit' },
  { name: 'template-retire', path: '/templates/dev/platform-eng/retire' },
  { name: 'pool-autoscaling', path: ({ pool }) => `${pool}/autoscaling` },
  { name: 'pool-autoscaling-edit', path: ({ pool }) => `${pool}/autoscaling/edit` },
  { name: 'autoscaling', path: '/autoscaling' },
  { name: 'costs', path: '/costs' },
  { name: 'instances', path: '/instances' },
  { name: 'instance', path: ({ instance }) => instance },
  { name: 'instance-serial', path: ({ instance }) => `${instance}/serial` },
  { name: 'instance-status', path: ({ instance }) => `${instance}/status` },
  { name: 'alerts', path: '/alerts' },
  { name: 'changes', path: '/changes' },
  { name: 'change', path: ({ change }) => change },
  { name: 'import', path: '/import' },
  { name: 'firewall', path: '/firewall' },
  { name: 'firewall-what-if', path: '/firewall?source=10.0.0.7&target=backend-pool&port=22' },
  { name: 'firewall-rule', path: '/firewall/dev/allow-agent-ssh' },
  { name: 'firewall-rule-new', path: '/firewall/new' },
  { name: 'firewall-rule-edit', path: '/firewall/dev/allow-agent-ssh/edit' },
  { name: 'firewall-rule-delete', path: '/firewall/dev/allow-agent-ssh/delete' },
  { name: 'pool-firewall', path: ({ pool }) => `${pool}/firewall` },
  { name: 'audit', path: '/audit' },
  { name: 'audit-filtered', path: '/audit?action=propose_change&object=chg-1' },
  { name: 'audit-event', path: '/audit/2' },
  { name: 'passkeys', path: '/settings/passkeys' },
  { name: 'not-found', path: '/nowhere', status: 404 },
];

/** The page's address in a fleet that `seed` made. */
export function pathOf(page, seeded) {
  return typeof page.path === 'function' ? page.path(seeded) : page.path;
}
