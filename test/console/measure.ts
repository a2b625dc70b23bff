import type { Page } from 'playwright-core';
import { launchChromium, newWindow } from './support/chromium.ts';
import { startConsole } from './support/consoleServer.ts';
import { seedBatch, seedHandler } from './support/seed.ts';

/**
 * Measures the console in Chromium with 10,000 batches: the first paint, a filter, and the task of
 * somebody who sees it for the first time. It prints the figures; no test depends on them.
 */

const BATCHES = 10_000;
const HOUR = 3_600_000;
const RUNS = 5;

const server = await startConsole({
  async seed(client) {
    await seedHandler(client);
    for (let index = 0; index < BATCHES; index++)
      await seedBatch(client, {
        batchId: `import-${String(index).padStart(5, '0')}`,
        status: index % 50 === 0 ? 'failed' : 'completed',
        age: 30 * HOUR + index * 60_000,
        changes: { spec: { metadata: { team: `team-${index % 7}` } } },
      });
  },
});
const browser = await launchChromium();

/** Milliseconds that something takes, in the middle of several runs. */
async function median(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push(await measure());
  return times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
}

async function firstPaint(path: string): Promise<number> {
  const { page, context } = await newWindow(browser, server.url);
  await page.goto(server.consoleUrl);
  await page.goto(server.url + path);
  await page.locator('h1').waitFor();
  const time = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  );
  await context.close();
  return time;
}

/** From the first rows asked for to the rows on the screen. */
async function firstRows(): Promise<number> {
  const { page, context } = await newWindow(browser, server.url);
  await page.goto(server.consoleUrl);
  const begin = performance.now();
  await page.goto(`${server.url}/batches`);
  await page.locator('tbody tr').first().waitFor();
  const time = performance.now() - begin;
  await context.close();
  return time;
}

/** Resolves `shown` to the time from the next key to the frame in which only one row is left. */
const WATCH = `(wanted) => {
  window.shown = new Promise((resolve) => {
    addEventListener('keydown', () => {
      const begin = performance.now();
      const look = () => {
        const rows = [...document.querySelectorAll('tbody tr')];
        const isShown = rows.length === 1 && rows[0].textContent.includes(wanted);
        requestAnimationFrame(isShown ? () => resolve(performance.now() - begin) : look);
      };
      look();
    }, { once: true, capture: true });
  });
}`;

/** From the key that completes a filter to the frame that shows its rows. */
async function filter(page: Page, text: string, expected: string): Promise<number> {
  const search = page.getByRole('searchbox');
  await search.fill('');
  await page.getByRole('link', { name: 'import-00001', exact: true }).waitFor();
  await search.pressSequentially(text.slice(0, -1));
  await page.evaluate(`(${WATCH})(${JSON.stringify(expected)})`);
  await search.press(text.slice(-1));
  return page.evaluate<number>('shown');
}

const write = (name: string, milliseconds: number) =>
  process.stdout.write(`${name.padEnd(60)} ${Math.round(milliseconds)} ms\n`);

write('first paint of Today', await median(() => firstPaint('/')));
write('first paint of Batches', await median(() => firstPaint('/batches')));
write('rows of Batches, from the address', await median(firstRows));

const { page } = await newWindow(browser, server.url);
await page.goto(server.consoleUrl);
await page.goto(`${server.url}/batches`);
await page.locator('tbody tr').first().waitFor();
// All of them are held once the oldest is found.
await page.getByRole('searchbox').fill('import-09999');
await page.getByRole('link', { name: 'import-09999' }).waitFor();
write(
  `a filter of ${BATCHES} batches, from the key to the frame`,
  await median(() => filter(page, 'import-07777', 'import-07777')),
);
/** From the address alone: why does a batch wait, and which rows of another failed? */
async function newcomersTask(): Promise<number> {
  const { page: first, context } = await newWindow(browser, server.url);
  const begin = performance.now();
  await first.goto(server.consoleUrl);
  await first.getByRole('link', { name: 'Batches', exact: true }).click();
  await first.getByRole('searchbox').pressSequentially('reviews-claude');
  await first.getByRole('link', { name: 'reviews-claude', exact: true }).click();
  const why = first.getByText('Your credit balance is too low to access the Anthropic API.');
  await why.first().waitFor();
  await first.getByRole('link', { name: 'Batches', exact: true }).first().click();
  await first.getByRole('searchbox').pressSequentially('tickets-2026-11-30');
  await first.getByRole('link', { name: 'tickets-2026-11-30', exact: true }).click();
  await first.getByRole('button', { name: /^Failed/ }).click();
  await first.locator('#rows').getByText('ticket-00017').first().waitFor();
  await first.locator('#rows').getByText('ticket-00217').first().waitFor();
  const time = performance.now() - begin;
  await context.close();
  return time;
}
write('why a batch waits, and which rows of another failed', await median(newcomersTask));
await browser.close();
await server.stop();
