// Debian's chromium, and a person in it. Each person has a browser context: cookies and pages of their own.

import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

// The browser looks for Google's hosts at every start unless told not to; a test must not depend on a network.
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--font-render-hinting=none',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

/** Starts the browser that `CHROMIUM` names. */
export function launchBrowser() {
  // Chromium refuses its sandbox to root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...QUIET, ...sandbox],
    env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL('../fonts.conf', import.meta.url)) },
  });
}

// What a console is told without a word for anybody.
const WORDLESS = ['clear', 'endGroup'];

const withScripts = new WeakSet();

/** Whether the page can follow what happens. */
export const hasScripts = (page) => withScripts.has(page);

/** Waits until the page's scripts have taken over, as they say; with scripts blocked there is nothing to wait for. */
export async function hydrated(page) {
  if (withScripts.has(page)) await page.waitForFunction(() => performance.getEntriesByName('hydrated').length > 0);
}

/**
 * Opens a page for a person who is not signed in yet. `scripts: false` blocks scripts; `theme` is what the system
 * prefers; `width` and `height` are the window's; `state` is what another context's `storageState()` gave. Paths are relative to `url`.
 *
 * Whatever the browser's console says, be it only for information, is kept in `noise`: `assertQuiet()` throws it.
 * A test that provokes a message says so with `forgive(/pattern/)` before; a pattern that nothing matched is an error too.
 * Who stays is asked after each test: what was said and forgiven in one does not count for the next.
 */
export async function openPerson(browser, { url, scripts = true, theme = 'light', width = 1280, height = 900, state }) {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: theme,
    javaScriptEnabled: scripts,
    reducedMotion: 'reduce',
    storageState: state,
    viewport: { width, height },
  });
  context.setDefaultTimeout(15_000);
  const noise = [];
  const forgiven = [];
  // With scripts blocked nobody uses what a page preloads for them, and on a busy machine a page's wing is used seconds later:
  // Chromium says so of both.
  const unused = /was preloaded using link preload but not used/;
  const hear = (kind, text, where) => {
    if (unused.test(text)) return;
    const known = forgiven.find(({ pattern }) => pattern.test(text));
    if (known) known.heard += 1;
    else noise.push(`${kind}: ${text}${where ? ` (${where})` : ''}`);
  };
  context.on('console', (message) => {
    if (!WORDLESS.includes(message.type())) hear(message.type(), message.text(), message.location().url);
  });
  context.on('weberror', (error) => hear('page error', String(error.error()?.stack ?? error.error()), ''));
  const tab = async () => {
    const page = await context.newPage();
    if (scripts) withScripts.add(page);
    return page;
  };
  return {
    context,
    page: await tab(),
    /** Another tab of the same person. */
    tab,
    noise,
    forgive(pattern) {
      forgiven.push({ pattern, heard: 0 });
    },
    assertQuiet() {
      const unheard = forgiven.filter(({ heard }) => heard === 0).map(({ pattern }) => `never heard: ${pattern}`);
      const all = [...noise, ...unheard];
      noise.length = 0;
      forgiven.length = 0;
      if (all.length > 0) throw new Error(`the browser's console is not quiet:\n  ${all.join('\n  ')}`);
    },
  };
}
