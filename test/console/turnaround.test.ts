import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { DAY, seedMoney } from './support/seedMoney.ts';

const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY).toISOString().slice(0, 10);

async function openTurnaround(server: ConsoleServer, options: Parameters<typeof openPage>[1] = {}) {
  const opened = await openPage(server.consoleUrl, options);
  await opened.page.getByRole('link', { name: 'Turnaround' }).click();
  return opened;
}

/** The texts of the rows of the table behind a chart, each with its cells. */
async function rowsOf(page: Page, name: string): Promise<readonly (readonly string[])[]> {
  const table = page.getByRole('table', { name });
  await table.waitFor();
  const rows = await table.locator('tbody').getByRole('row').all();
  return Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
}

describeInBrowser('turnaround', () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole({ seed: seedMoney });
  });
  afterAll(() => server?.stop());

  it('of jobs is told by provider and by hour, with few samples named', async () => {
    const { page, context, errors, foreign } = await openTurnaround(server);
    expect(await rowsOf(page, 'Jobs by provider')).toEqual([
      ['openai', '2 h', '2 h', '10'],
      ['claude', '5 h', '5 h', '5 (few)'],
      ['gemini', '1 h', '1 h', '1 (few)'],
    ]);
    await page.getByText(/Half took at most 2 h, and nine of ten at most 5 h/).waitFor();
    expect(await rowsOf(page, 'Jobs by hour of the day')).toHaveLength(24);
    // Its only job ended at noon. Those of today are of any hour, by the time of the test.
    await page.getByLabel('Provider, for the hours').selectOption('gemini');
    await page.getByText(/at gemini\. Samples: 1 \(few\)/).waitFor();
    const hours = await rowsOf(page, 'Jobs by hour of the day');
    expect(hours[11]).toEqual(['11:00', '1 h', '1 h', '1 (few)']);
    await page.locator('.recharts-bar-rectangle path').first().waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
    await context.close();
  });

  it('of whole batches, and of one provider, is chosen and stays in the address', async () => {
    const { page, context } = await openTurnaround(server);
    await page.getByLabel('Of', { exact: true }).selectOption('Whole batches');
    expect(await rowsOf(page, 'Batches by provider')).toEqual([
      ['openai', '3 h', '3 h', '10'],
      ['claude', '6 h', '6 h', '5 (few)'],
      ['gemini', '2 h', '2 h', '1 (few)'],
    ]);
    await page.getByLabel('Provider, for the hours').selectOption('gemini');
    await page.getByText(/at gemini\. Samples: 1 \(few\)/).waitFor();
    const hours = await rowsOf(page, 'Batches by hour of the day');
    expect(hours.filter(([, , , samples]) => samples !== '0')).toEqual([
      ['10:00', '2 h', '2 h', '1 (few)'],
    ]);
    await page.reload();
    await page.getByText(/at gemini\. Samples: 1 \(few\)/).waitFor();
    expect(new URL(page.url()).searchParams.get('of')).toBe('batches');
    await context.close();
  });

  it('shows what was refused beside the learned limit, in a chart, a table and words', async () => {
    const { page, context, errors } = await openTurnaround(server, { colorScheme: 'dark' });
    const figure = page.getByRole('region', { name: 'Refusals for quota, and the learned limit' });
    await figure.getByText(/openai took 10 jobs of gpt-5-mini and refused 1/).waitFor();
    await figure.getByText(/may hold about 100,000 enqueued tokens/).waitFor();
    await figure.getByText('learned limit now: 100K').waitFor();
    await figure.getByRole('button', { name: 'Show as table' }).click();
    const rows = await rowsOf(page, 'Refusals for quota, and the learned limit');
    expect(rows).toHaveLength(11);
    expect(rows.filter(([, , outcome]) => outcome === 'refused')).toEqual([
      [
        ...[`${dayOf(1)} 11:00:00Z`, 'refused-once', 'refused', '1,000', '120,000'],
        'token_limit_exceeded',
      ],
    ]);
    expect(await axeProblems(page)).toEqual([]);
    await page.getByLabel('Jobs of').selectOption('claude-haiku-4-5 at claude (0 refused)');
    await figure.getByText(/claude took 5 jobs of claude-haiku-4-5 and refused 0/).waitFor();
    await figure.getByText(/knows no limit/).waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is taken away as a CSV file in seconds', async () => {
    const { page, context } = await openTurnaround(server, { width: 400 });
    await page.getByLabel('Period').selectOption('7 days');
    await page.getByText(/Samples: 12/).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV: Jobs by provider' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(
      `turnaround-of-jobs-by-provider-${dayOf(6)}-to-${dayOf(0)}.csv`,
    );
    expect((await readFile(await download.path(), 'utf8')).split('\r\n')).toEqual([
      'Provider,p50 in seconds,p90 in seconds,Samples',
      'openai,7200,7200,7',
      'claude,18000,18000,4',
      'gemini,3600,3600,1',
      '',
    ]);
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(400);
    await context.close();
  });
});
