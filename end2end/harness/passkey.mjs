// A passkey in a person's browser: Chromium's own virtual authenticator, which verifies its user and needs no touch.

import { hydrated } from './browser.mjs';

/** Gives the page's browser an authenticator, and registers a passkey on it as the person does. */
export async function registerPasskey({ context, page }, label = 'Work laptop') {
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto('/settings/passkeys');
  await hydrated(page);
  await page.getByLabel('Name of the device').fill(label);
  await page.getByRole('button', { name: 'Register passkey' }).click();
  await page.getByRole('row', { name: new RegExp(label) }).getByText('In use').waitFor();
}
