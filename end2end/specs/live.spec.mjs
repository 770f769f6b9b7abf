// A page that stays open: it says how fresh it is, keeps what it has while the server is away, and moves when agents speak.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hydrated } from '../harness/browser.mjs';
import { sql } from '../harness/database.mjs';
import { openScene } from '../harness/scene.mjs';
import { until } from '../harness/until.mjs';
import { seed } from '../seed.mjs';
import { assertSameDocument, freshness, main, markDocument, tableRows, title, words } from './face.mjs';

const scene = openScene();
let seeded;
let session;

/** Mara, who signed in and imported the example before the first of these tests. */
async function mara() {
  if (session) return scene.visitor({ state: session });
  const person = await scene.person('Mara');
  seeded = await seed(person.page);
  session = await person.context.storageState();
  return person;
}

async function openLive(page, path) {
  await page.goto(path);
  await hydrated(page);
  await freshness(page).getByText('Live', { exact: true }).waitFor();
}

/** What the agent said of itself. */
function spoken(page) {
  return main(page).getByRole('region', { name: 'Agent, as it says of itself' });
}

async function sequence(page) {
  return Number(/number (\d+)/.exec(await words(spoken(page)))?.[1]);
}

/** Milliseconds from an agent's heartbeat to the page that shows it, measured so many times. */
async function heartbeatToPixel(page, times) {
  const vm = await words(main(page).getByRole('region', { name: 'VM, as Compute Engine says' }));
  const [, address] = /Address ([\d.]+(?::\d+)?)/.exec(vm);
  const agent = address.includes(':') ? address : `${address}:8080`;
  // The agent counts a heartbeat up before it sends it.
  const known = async () => (await (await fetch(`http://${agent}/status`)).json()).sequence;
  const samples = [];
  while (samples.length < times) {
    const next = (await known()) + 1;
    const sent = until('the agent speaks', async () => (await known()) >= next && Date.now(), { within: 40_000, every: 20 });
    const shown = spoken(page)
      .getByText(new RegExp(`number ${next}\\b`))
      .waitFor({ timeout: 40_000 })
      .then(() => Date.now());
    const [before, after] = await Promise.all([sent, shown]);
    samples.push(after - before);
  }
  return samples;
}

test('a heartbeat is on the screen within a second and a half', async () => {
  const { page, tab } = await mara();
  await openLive(page, `${seeded.pool}/instances`);
  const names = await main(page).getByRole('link', { name: /^agent-/ }).all();
  const tabs = [];
  for (const name of names) {
    const own = await tab();
    await openLive(own, await name.getAttribute('href'));
    await markDocument(own);
    tabs.push(own);
  }
  const measured = await Promise.all(tabs.map((own) => heartbeatToPixel(own, 2)));
  const samples = measured.flat().sort((a, b) => a - b);
  assert.equal(samples.length, 4);
  const median = (samples[1] + samples[2]) / 2;
  assert.ok(median <= 1500, `from heartbeat to pixel: ${samples.join(', ')} ms`);
  // The worst of four is as much the machine's as the product's: who is late is measured once more, and is not late again.
  for (const [place, own] of measured.entries()) {
    if (Math.max(...own) <= 3000) continue;
    const [again] = await heartbeatToPixel(tabs[place], 1);
    assert.ok(again <= 3000, `from heartbeat to pixel: ${own.join(', ')} ms, and once more ${again} ms`);
  }
  await Promise.all(tabs.map(assertSameDocument));
});

test('the stream follows the rows that the page shows, and goes on with others without loading the page again', async () => {
  const { page } = await mara();
  const streams = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname === '/live') streams.push(Object.fromEntries(url.searchParams));
  });
  await openLive(page, `${seeded.pool}/instances`);
  await markDocument(page);
  const links = main(page).getByRole('link', { name: /^agent-/ });
  const names = await links.allInnerTexts();
  assert.equal(names.length, 2);
  await until('the stream follows both', async () => streams.at(-1).rows === names.toSorted().join(','));
  assert.match(streams[0].after, /^\d+-\d+$/, 'it begins where the server drew the page, so nothing is loaded twice');

  await links.first().click();
  await title(page).getByText(names[0], { exact: true }).waitFor();
  const first = await sequence(page);
  await until('the stream follows this one alone', async () => streams.at(-1).rows === names[0], { within: 30_000 });
  assert.match(streams.at(-1).after, /^\d+-\d+$/);
  await until('its heartbeats arrive', async () => (await sequence(page)) > first + 1, { within: 60_000 });
  assert.equal(await freshness(page).getByText('Live', { exact: true }).count(), 1);
  await assertSameDocument(page);
});

test('while the server is away a page keeps its values and says since when; then it goes on by itself', async () => {
  const { page, tab, forgive } = await mara();
  forgive(/net::ERR_/);
  await openLive(page, `${seeded.pool}/instances`);
  await markDocument(page);
  const table = main(page).getByRole('group', { name: 'Instances' });
  const before = await tableRows(table);
  const watching = await tab();
  await openLive(watching, seeded.instance);
  await markDocument(watching);
  const number = await sequence(watching);
  const finding = await tab();
  await openLive(finding, '/instances');
  await markDocument(finding);
  const box = main(finding).getByRole('textbox', { name: 'Find', exact: true });
  await box.fill('state:ill zo');

  const holding = await tab();
  await openLive(holding, seeded.pool);
  const edit = main(holding).getByRole('link', { name: 'Edit', exact: true });
  await edit.focus();
  const drawn = await edit.elementHandle();

  await scene.stack.order('kill', 'server');
  await freshness(page).getByText(/^Reconnecting \(\d+ s\)$/).waitFor();
  await freshness(page).getByText(/^Stale since \d\d:\d\d:\d\d UTC$/).waitFor({ timeout: 30_000 });
  assert.deepEqual((await tableRows(table)).map(([name, agent, vm]) => [name, agent, vm]), before.map(([name, agent, vm]) => [name, agent, vm]));

  // What was never loaded cannot be shown: the page says so, and is whole again later without a hand.
  await main(page).getByRole('navigation', { name: 'Pool' }).getByRole('link', { name: 'Overview' }).click();
  await title(page).getByText('The pool could not be loaded').waitFor();
  assert.match(await words(main(page).getByRole('alert')), /The server did not answer\./);

  const found = finding.waitForResponse((response) => response.url().endsWith('/fn/load_instances') && response.ok(), { timeout: 60_000 });
  await scene.stack.order('start', 'server');
  await freshness(page).getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
  await main(page).getByRole('region', { name: '2 instances' }).waitFor({ timeout: 30_000 });
  await until('the agent is heard again', async () => (await sequence(watching)) > number, { within: 60_000 });
  await freshness(watching).getByText('Live', { exact: true }).waitFor();
  await main(watching).getByText('The agent is healthy.').waitFor({ timeout: 60_000 });
  // The list was drawn anew around the words that somebody was about to ask.
  await (await found).finished();
  await finding.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));
  assert.equal(await box.inputValue(), 'state:ill zo');
  // A link that was made anew meanwhile still has the keyboard.
  await until('its head was drawn anew', async () => !(await drawn.evaluate((link) => link.isConnected)));
  await until('the keyboard is where it was', () => edit.evaluate((link) => link === document.activeElement));
  for (const open of [page, watching, finding]) await assertSameDocument(open);
});

/** From now on what the page asks its server for is kept back: `give` hands out these answers, in this order (or all) and in one turn. */
async function holdAnswers(page) {
  await page.evaluate(() => {
    const ask = window.fetch;
    const held = new Map();
    window.held = held;
    window.fetch = async (...asked) => {
      const [, name] = /\/fn\/(\w+)/.exec(asked[0].url ?? String(asked[0])) ?? [];
      const answer = await ask(...asked);
      if (!name) return answer;
      const text = await answer.text();
      const given = new Response(text, { status: answer.status, headers: answer.headers });
      // Read already, so that it takes no other turn.
      given.text = () => Promise.resolve(text);
      await new Promise((give) => held.set(name, [...(held.get(name) ?? []), give]));
      return given;
    };
  });
  return {
    has: (name) => page.evaluate((name) => window.held.has(name), name),
    give: (names) =>
      page.evaluate((names) => {
        for (const name of names ?? [...window.held.keys()]) {
          for (const give of window.held.get(name) ?? []) give();
          window.held.delete(name);
        }
      }, names),
  };
}

test('parts of a page arrive while it is still to be drawn anew, before it and after it', async () => {
  const { page } = await mara();
  await openLive(page, seeded.instance);
  await markDocument(page);
  const { has, give } = await holdAnswers(page);
  const whole = 'load_instance';
  const parts = ['load_instance_history', 'load_serial_end', 'load_cloud_errors'];
  const asked = (names) => until('it is asked for', async () => (await Promise.all(names.map(has))).every(Boolean));
  const loadAgain = async () => {
    await page.getByRole('button', { name: 'Pause live updates' }).click();
    await page.getByRole('button', { name: 'Resume live updates' }).click();
    await freshness(page).getByText('Live', { exact: true }).waitFor();
  };
  const metrics = () => main(page).getByRole('region', { name: 'Metrics of the last hour' });
  for (const order of [[...parts, whole], [whole, ...parts]]) {
    await loadAgain();
    await asked(order);
    // What arrives now is old already, and asked for once more.
    await loadAgain();
    await give([whole]);
    await asked([whole]);
    await give(parts);
    await asked(parts);
    await give(order);
    await metrics().getByText('CPU', { exact: true }).waitFor();
  }
  const number = await sequence(page);
  await until('it goes on', async () => (await sequence(page)) > number);
  await assertSameDocument(page);
});

test('what somebody unfolded and the menu that is open stay so when the page is drawn anew', async () => {
  const { page } = await mara();
  await openLive(page, '/');
  await markDocument(page);
  const line = main(page).getByText('Show the same as a table of counts');
  const counts = main(page).getByRole('group', { name: 'Counts by pool' });
  const picker = page.getByRole('banner').getByLabel(/, environment$/);
  const option = page.getByRole('banner').getByRole('link', { name: /^dev/ });
  // One more step of a change, which the Fleet page and the bar show.
  const drawAnew = async () => {
    const answered = (name) => page.waitForResponse((response) => response.url().endsWith(`/fn/${name}`) && response.ok());
    const loaded = Promise.all(['load_fleet', 'load_me'].map(answered));
    const notice = { kind: 'change', environment: 'dev', change: seeded.change.split('/').at(-1) };
    await sql(scene.stack, `SELECT pg_notify('agent_manager', '${JSON.stringify(notice)}')`);
    for (const response of await loaded) await response.finished();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100))));
  };

  await line.click();
  await picker.click();
  await option.waitFor();
  await drawAnew();
  assert.ok(await counts.isVisible(), 'the fold stays open');
  assert.ok(await option.isVisible(), 'so does the menu');

  // What was closed stays closed too.
  await page.keyboard.press('Escape');
  await option.waitFor({ state: 'hidden' });
  await line.click();
  await counts.waitFor({ state: 'hidden' });
  await drawAnew();
  assert.equal(await counts.isVisible(), false);
  assert.equal(await option.isVisible(), false);
  await assertSameDocument(page);
});

test('the clock and what is relative to it tick', async () => {
  const { page } = await mara();
  await openLive(page, seeded.instance);
  const clock = page.getByRole('banner').getByText(/^\d\d:\d\d:\d\d UTC$/);
  const first = await clock.innerText();
  await until('the clock ticks', async () => (await clock.innerText()) !== first);
  const read = main(page).getByRole('region', { name: 'VM, as Compute Engine says' }).getByText(/^Read/);
  const said = new Set();
  await until('the age of the reading changes', async () => said.add(await words(read)).size > 1);
});

test('a wing of pages is asked for when somebody first goes there, and again where it did not arrive', async () => {
  const { page, forgive } = await mara();
  forgive(/net::ERR_FAILED/);
  forgive(/Failed to fetch/);
  const asked = [];
  page.on('request', (request) => {
    const [, wing] = /\/pkg\/split_(\w+)\./.exec(request.url()) ?? [];
    if (wing) asked.push(wing);
  });
  const go = (room) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: room, exact: true }).click();
  const arrived = (heading) => title(page).getByText(heading, { exact: true }).waitFor();
  await page.goto('/');
  await hydrated(page);
  await markDocument(page);
  assert.deepEqual(asked, [], 'Fleet needs the main file alone');

  await page.route(/\/pkg\/split_records\./, (route) => route.abort());
  await go('Audit');
  await arrived('The page could not be loaded');
  assert.match(await main(page).getByRole('link', { name: 'Try again' }).getAttribute('href'), /^\/audit/);
  await page.unroute(/\/pkg\/split_records\./);
  await go('Fleet');
  await arrived('Fleet');
  await go('Audit');
  await arrived('Audit');
  await go('Costs');
  await arrived('Costs');
  assert.deepEqual(asked, ['records', 'records'], 'once in vain, and once for all its pages');
  await assertSameDocument(page);
});
