// Every page a person can be on, for the specs that go through all of them and for the pictures.
// `path` may be a function of what `seed` brought into being. `signedIn: false` is a page of the door.

export const pages = [
  { name: 'sign-in', path: '/sign-in', signedIn: false },
  { name: 'fleet', path: '/' },
  { name: 'pools', path: '/pools' },
  { name: 'pool', path: ({ pool }) => pool },
  { name: 'pool-instances', path: ({ pool }) => `${pool}/instances` },
  { name: 'pool-changes', path: ({ pool }) => `${pool}/changes` },
  { name: 'templates', path: '/templates' },
  { name: 'template', path: '/templates/dev/backend-dev' },
  { name: 'template-types', path: '/templates/new' },
  { name: 'template-new', path: '/templates/new?agent_type=backend-developer' },
  { name: 'template-edit', path: '/templates/dev/backend-dev/edit' },
  { name: 'template-retire', path: '/templates/dev/platform-eng/retire' },
  { name: 'instances', path: '/instances' },
  { name: 'instance', path: ({ instance }) => instance },
  { name: 'changes', path: '/changes' },
  { name: 'change', path: ({ change }) => change },
  { name: 'import', path: '/import' },
  { name: 'audit', path: '/audit' },
  { name: 'passkeys', path: '/settings/passkeys' },
  { name: 'not-found', path: '/nowhere', status: 404 },
];

/** The page's address in a fleet that `seed` made. */
export function pathOf(page, seeded) {
  return typeof page.path === 'function' ? page.path(seeded) : page.path;
}
