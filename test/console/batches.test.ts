import { afterAll, beforeAll, expect, it } from 'vitest';
import { axeProblems } from './support/axe.ts';
import { idsOn, lineOf, openBatches } from './support/batchesTable.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { seedBatch, seedHandler } from './support/seed.ts';

const HOUR = 3_600_000;
const HOSTILE = '<script>alert(1)</script>\n<img src=x onerror=alert(2)>';

describeInBrowser('the table of batches', () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole({
      async seed(client) {
        await seedHandler(client);
        await seedBatch(client, {
          ...{ batchId: 'hostile', status: 'failed', age: 40 * HOUR },
          changes: {
            spec: { tenant: 'a.b', metadata: { note: HOSTILE } },
            ...{ pastJobs: [], attempt: 0, rows: undefined, delivery: undefined },
            reasons: [{ code: 'refused', message: HOSTILE, at: Date.now(), attempt: 0 }],
          },
        });
      },
    });
  });
  afterAll(() => server?.stop());

  it('shows the batches, the newest first, and asks no other host', async () => {
    const { page, context, errors, foreign } = await openPage(server.consoleUrl);
    await page.getByRole('link', { name: 'Batches' }).click();
    await page.getByRole('link', { name: 'new-upload' }).waitFor();
    expect((await idsOn(page)).slice(0, 2)).toEqual(['new-upload', 'reviews-claude']);
    expect(page.url()).toBe(`${server.url}/batches`);
    const running = lineOf(page, 'tickets-2026-12-01');
    await running.getByText('running', { exact: true }).waitFor();
    await running.getByRole('progressbar', { name: '19,200 of 48,000 requests' }).waitFor();
    await running.getByText('est. $10.32').waitFor();
    await running.getByText('gpt-5-mini').waitFor();
    await running.getByText(/^in \d/).waitFor();
    await lineOf(page, 'tickets-2026-11-30').getByText('took 2 h 5 min').waitFor();
    await lineOf(page, 'tickets-2026-11-30').getByText('3 failed').waitFor();
    await lineOf(page, 'reviews-claude')
      .getByText(/Your credit balance is too low/)
      .waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
    await context.close();
  });

  it('says of how many batches it does not know whether a command has reached them', async () => {
    const { page, context } = await openBatches(server);
    await page.getByLabel('Select all batches that are loaded').check();
    await page.route('**/api/batches/commands', (route) => route.abort());
    await page.getByRole('button', { name: 'Cancel…' }).click();
    const dialog = page.getByRole('dialog');
    const name = /^Cancel (\d+) batches$/;
    const count = name.exec((await dialog.getByRole('button', { name }).textContent()) ?? '')?.[1];
    await dialog.getByRole('button', { name }).click();
    await dialog.getByText(`${count} batches were not reached, or nothing is known of`).waitFor();
    await dialog.getByText(/The server of this page does not answer/).waitFor();
    await context.close();
  });

  it('asks for the batch of exactly the text that was typed', async () => {
    const { page, context } = await openBatches(server, '?id=new-upload%3Fx');
    await page.getByText('No batch of the filter.').waitFor();
    expect(await idsOn(page)).toEqual([]);
    await context.close();
  });

  it.each([{ colorScheme: 'dark' }, { width: 400 }] as const)(
    'has no barrier in %o',
    async (look) => {
      const { page, context } = await openBatches(server, '', look);
      await page.getByLabel('Select new-upload').check();
      await page.getByText('Status: all').click();
      expect(await axeProblems(page)).toEqual([]);
      const tooWide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate<number>(tooWide)).toBe(0);
      await context.close();
    },
  );

  it.each([
    ['?status=failed', ['old-import', 'hostile']],
    ['?status=open&provider=gemini', ['evals-gemini']],
    ['?status=cancelled,inspecting', ['new-upload', 'wrong-prompt']],
    ['?tenant=a.b', ['hostile']],
    ['?metadata=team%3Dreviews', ['reviews-claude']],
    ['?id=TICKETS', ['tickets-2026-12-01', 'tickets-2026-11-30']],
    ['?until=2020-01-01', []],
  ])('shows what the address %s asks for', async (query, ids) => {
    const { page, context } = await openBatches(server, query);
    await page.getByText(/of the filter/).waitFor();
    expect(await idsOn(page)).toEqual(ids);
    await context.close();
  });

  it('puts each field of the filter into the address, and clears them', async () => {
    const { page, context } = await openBatches(server);
    await page.getByText('Status: all').click();
    await page.getByLabel('completed').check();
    await page.getByLabel('open: any').check();
    await page.getByText('Status: completed, open').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Provider').selectOption('claude');
    await page.getByLabel('Metadata').fill('team=support');
    await page.getByLabel('Tenant').fill('support');
    await page.getByLabel('Added from').fill('2020-05-01');
    await page.getByLabel('Added before').fill('2999-01-01');
    // The focus is in no field, so that the key goes to the search.
    await page.getByRole('heading', { name: 'Batches', level: 1 }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('nightly-0');
    await expect.poll(() => idsOn(page)).toEqual(['nightly-03', 'nightly-09']);
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      ...{ status: 'completed,open', provider: 'claude', metadata: 'team=support' },
      ...{ tenant: 'support', since: '2020-05-01', until: '2999-01-01', id: 'nightly-0' },
    });
    await page.reload();
    await expect.poll(() => idsOn(page)).toEqual(['nightly-03', 'nightly-09']);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('link', { name: 'new-upload' }).waitFor();
    expect(page.url()).toBe(`${server.url}/batches`);
    await context.close();
  });

  it('says what is wrong with an address, and that there is nothing', async () => {
    const { page, context } = await openBatches(server, '?since=yesterday');
    await page
      .getByRole('alert')
      .getByText(/since.*it is no time/)
      .waitFor();
    await page.goto(`${server.url}/batches?id=nothing-has-this`);
    await page.getByText('No batch of the filter.').waitFor();
    await context.close();
  });

  it('shows texts of users and of providers as texts', async () => {
    const { page, context, errors } = await openBatches(server, '?id=hostile');
    const hostile = lineOf(page, 'hostile');
    expect(await hostile.textContent()).toContain(`note=${HOSTILE}`);
    await hostile.locator('td.at-why').getByText('<script>alert(1)</script>').waitFor();
    expect(await page.locator('main script, main img').count()).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is used by keys: rows by j and k, the choice by Space, a batch by Enter', async () => {
    const { page, context } = await openBatches(server);
    await page.getByLabel('Select new-upload').focus();
    await page.keyboard.press('j');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.getByText('2 batches selected').waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await page.locator('input[aria-label="Select new-upload"]:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/batches/new-upload`);
    await context.close();
  });
});
