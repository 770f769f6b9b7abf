// `cargo xtask bench lcp`: when the Fleet page's largest part is painted and when its scripts have taken over, loaded again
// and again by somebody whose browser has never been here before. Prints a series a line, as `crates/bench` does.

import { hydrated, launchBrowser, openPerson } from './harness/browser.mjs';
import { signIn } from './harness/sign-in.mjs';

const [url, loads] = process.argv.slice(2);
if (!loads) throw new Error('usage: node bench-lcp.mjs URL LOADS');

/** After hydration, for what the page still moves by itself. */
const SETTLE = 1000;

/** Notes in the page what the browser tells once only. */
function observe() {
  window.painted = { largest: 0, shift: 0 };
  const watch = (type, note) => {
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
  };
  watch('largest-contentful-paint', (entry) => (window.painted.largest = entry.startTime));
  watch('layout-shift', (entry) => (window.painted.shift += entry.hadRecentInput ? 0 : entry.value));
}

/** How long after the page's text was read its scripts took over, by the browser's clock. */
function hydration() {
  const [visit] = performance.getEntriesByType('navigation');
  const [mark] = performance.getEntriesByName('hydrated');
  return mark.startTime - visit.domContentLoadedEventStart;
}

const browser = await launchBrowser();
try {
  const mara = await openPerson(browser, { url });
  await signIn(mara.page, 'Mara');
  const state = await mara.context.storageState();
  await mara.context.close();
  const samples = { largest: [], shift: [], hydrated: [] };
  // The first load finds the browser and the server cold, and does not count.
  for (let load = 0; load <= Number(loads); load += 1) {
    const person = await openPerson(browser, { url, state, width: 1440, height: 900 });
    await person.context.addInitScript(observe);
    const answer = await person.page.goto('/');
    if (answer.status() !== 200 || new URL(person.page.url()).pathname !== '/') {
      throw new Error(`the Fleet page answered ${answer.status()} at ${person.page.url()}`);
    }
    await hydrated(person.page);
    await person.page.waitForTimeout(SETTLE);
    const painted = await person.page.evaluate(() => window.painted);
    if (!(painted.largest > 0)) throw new Error('the browser told of no largest paint');
    if (load > 0) {
      samples.largest.push(painted.largest);
      samples.shift.push(painted.shift);
      samples.hydrated.push(await person.page.evaluate(hydration));
    }
    await person.context.close();
  }
  const say = (series) => console.log(JSON.stringify(series));
  say({ name: 'Fleet page, largest contentful paint', unit: 'milliseconds', samples: samples.largest, budget: '≤ 1.0 s' });
  say({ name: 'Fleet page, cumulative layout shift', unit: 'plain', samples: samples.shift, budget: '≤ 0.02' });
  say({ name: 'Fleet page, hydrated after DOMContentLoaded', unit: 'milliseconds', samples: samples.hydrated, budget: '≤ 600 ms' });
} finally {
  await browser.close();
}
