// A passkey in a person's browser: Chromium's own virtual authenticator, which verifies its user and needs no touch.

import { hydrated } from './browser.mjs';

/** Whose browser has said what it has to say of the algorithms. */
const told = new WeakSet();

/** Gives the page's browser an authenticator, and registers a passkey on it as the person does. */
export async function registerPasskey({ context, page, forgive }, label = 'Work laptop') {
  // Chromium would have RS256 offered too, for devices that know no ES256. Our statements are signed with ES256 or EdDSA alone.
  if (!told.has(context)) forgive(/pubKeyCredParams is missing at least one of the default algorithm identifiers/);
  told.add(context);
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
  await page.getByRole('row', { name: new RegExp(label) }).first().getByText('In use').waitFor();
}
