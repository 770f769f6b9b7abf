// `cargo xtask shots`: a PNG of each page in both themes and two widths.

import { join } from 'node:path';
import { hydrated, launchBrowser, openPerson } from './harness/browser.mjs';
import { signIn } from './harness/sign-in.mjs';
import { startStack } from './harness/stack.mjs';
import { pages, pathOf } from './pages.mjs';
import { proposeProduction, seed } from './seed.mjs';

const THEMES = ['light', 'dark'];
const WIDTHS = [1440, 390];

const [out, ...names] = process.argv.slice(2);
if (!out) throw new Error('usage: node shots.mjs FOLDER [NAME...]');
const wanted = pages.filter((page) => names.length === 0 || names.some((name) => page.name.includes(name)));
if (wanted.length === 0) throw new Error(`no page is called ${names.join(' or ')}: ${pages.map((page) => page.name).join(', ')}`);

const stack = await startStack();
const browser = await launchBrowser();
try {
  const mara = await openPerson(browser, { url: stack.url });
  await signIn(mara.page, 'Mara');
  const seeded = { ...(await seed(mara.page)), waiting: await proposeProduction(mara.page) };
  const session = await mara.context.storageState();
  let count = 0;
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      for (const page of wanted) {
        const person = await openPerson(browser, {
          url: stack.url,
          theme,
          width,
          height: width > 1000 ? 900 : 844,
          state: page.signedIn === false ? undefined : session,
        });
        const answer = await person.page.goto(pathOf(page, seeded));
        const expected = page.status ?? 200;
        if (answer.status() !== expected) throw new Error(`${page.name} answered ${answer.status()}, not ${expected}`);
        await hydrated(person.page);
        // The live badge is on its way; a second shows the page as a person sees it.
        await person.page.waitForTimeout(1000);
        await person.page.screenshot({ path: join(out, `${page.name}-${theme}-${width}.png`), fullPage: true });
        await person.context.close();
        count += 1;
      }
    }
  }
  console.log(`${count} pictures in ${out}`);
} finally {
  await browser.close();
  await stack.stop();
}
