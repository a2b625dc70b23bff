import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { DAY, FORMULA, HOSTILE_KEY, seedMoney } from './support/seedMoney.ts';

const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY).toISOString().slice(0, 10);

/** Opens the screen as a person who was given the address does. */
async function openMoney(server: ConsoleServer, options: Parameters<typeof openPage>[1] = {}) {
  const opened = await openPage(server.consoleUrl, options);
  await opened.page.getByRole('link', { name: 'Money' }).click();
  return opened;
}

const figure = (page: Page, name: RegExp) => page.getByRole('region', { name });
const SPEND = /^US dollars a day, by [^,]*$/;

/** The rows of the table behind a chart, by the text of their first cell. */
async function rowsOf(page: Page, name: RegExp): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = new Map<string, readonly string[]>();
  for (const row of await page.getByRole('table', { name }).getByRole('row').all()) {
    const [first = '', ...cells] = await row.locator('th, td').allTextContents();
    rows.set(first, cells);
  }
  return rows;
}

/** What a spreadsheet would be given. */
async function csvOf(page: Page, name: RegExp) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name }).click(),
  ]);
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), 'utf8'),
  };
}

describeInBrowser('money', () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole({ seed: seedMoney });
  });
  afterAll(() => server?.stop());

  it('is told by day and provider, in a chart and in the table behind it', async () => {
    const { page, context, errors, foreign } = await openMoney(server);
    await figure(page, SPEND).locator('.recharts-bar-rectangle path').first().waitFor();
    const rows = await rowsOf(page, SPEND);
    expect(rows.get('Day')).toEqual([
      ...['openai', 'claude', 'gemini', 'Total', 'Batches ended', 'Of unknown cost'],
    ]);
    expect(rows.get(dayOf(1))).toEqual(['$1.13', '$0.00', '$0.00', '$1.13', '2', '1']);
    expect(rows.get(dayOf(2))).toEqual(['$1.13', '$0.50', '$0.00', '$1.63', '2', '0']);
    expect(rows.get('All days')).toEqual(['$11.25', '$2.50', '$0.00', '$13.75', '16', '1']);
    expect(rows.size).toBe(32);
    await page.getByText(/The cost of 1 batch is not known/).waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
    await context.close();
  });

  it('is shown as a table, by the keyboard, without a problem for anybody', async () => {
    const { page, context, errors } = await openMoney(server, { colorScheme: 'dark', width: 400 });
    const toggle = figure(page, SPEND).getByRole('button', { name: 'Show as table' });
    await toggle.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: /^US dollars a day, .*, as a table$/ }).waitFor();
    expect(await toggle.getAttribute('aria-pressed')).toBe('true');
    expect(await figure(page, SPEND).locator('.recharts-surface').count()).toBe(0);
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(400);
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('compares estimates with costs, and costs with live prices', async () => {
    const { page, context } = await openMoney(server);
    await page.getByText(/15 batches .* estimated at \$23.00 and have cost \$13.75/).waitFor();
    const rows = await rowsOf(page, /^Estimated against actual$/);
    expect(rows.get(dayOf(2))).toEqual(['2', '$2.60', '$1.63', '63 %']);
    const savings = page.getByRole('region', { name: 'Saved against live prices' });
    await savings
      .getByText(/10 batches cost \$11.25\. .* \$22.50 at the ordinary prices/)
      .waitFor();
    await savings.getByText(/5 batches of \$2.50 at claude: the prices of today/).waitFor();
    await savings.getByText(/1 batch at gemini: the cost is not known/).waitFor();
    await context.close();
  });

  it('is of the period that was chosen, which stays in the address', async () => {
    const { page, context } = await openMoney(server);
    await page.getByLabel('Period').selectOption('7 days');
    await page.getByText('12 batches ended in the last 7 days.', { exact: false }).waitFor();
    await page.reload();
    await page.getByText('12 batches ended in the last 7 days.', { exact: false }).waitFor();
    expect((await rowsOf(page, SPEND)).size).toBe(9);
    expect(new URL(page.url()).search).toBe('?days=7');
    await context.close();
  });

  it('is split by any metadata, whatever its name and its values', async () => {
    const { page, context, errors } = await openMoney(server);
    await page.getByLabel('Split by').selectOption(`Metadata: ${HOSTILE_KEY}`);
    await page.getByRole('table', { name: `metadata ${HOSTILE_KEY}` }).waitFor();
    const hostile = await rowsOf(page, SPEND);
    expect(hostile.get('Day')?.slice(0, 2)).toEqual([`Without ${HOSTILE_KEY}`, '<b>bold</b>']);
    expect(hostile.get('All days')?.slice(0, 3)).toEqual(['$11.25', '$2.50', '$13.75']);
    await page.getByLabel('Split by').selectOption('Metadata: constructor');
    await page.getByRole('table', { name: 'metadata constructor' }).waitFor();
    const own = await rowsOf(page, SPEND);
    expect(own.get('Day')?.slice(0, 2)).toEqual(['of mine', 'Without constructor']);
    expect(own.get('All days')?.slice(0, 3)).toEqual(['$11.25', '$2.50', '$13.75']);
    // No record can hold this key, but an address can.
    await page.goto(`${server.url}/money?by=metadata:__proto__`);
    await page.getByRole('table', { name: 'metadata __proto__' }).waitFor();
    const none = await rowsOf(page, SPEND);
    expect(none.get('Day')?.slice(0, 2)).toEqual(['Without __proto__', 'Total']);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is taken away as a CSV file, in which nothing is a formula', async () => {
    const { page, context, errors } = await openMoney(server);
    await page.getByLabel('Period').selectOption('7 days');
    await page.getByLabel('Split by').selectOption('Metadata: team');
    await page.getByRole('table', { name: 'metadata team' }).waitFor();
    const { name, text } = await csvOf(page, /^Download CSV: US dollars/);
    expect(name).toBe(`spend-by-metadata-team-${dayOf(6)}-to-${dayOf(0)}.csv`);
    const [head, ...lines] = text.split('\r\n');
    expect(head).toContain(`"'${FORMULA.replaceAll('"', '""')}"`);
    expect(lines).toHaveLength(8);
    expect(lines[5]).toMatch(new RegExp(`^${dayOf(1)},.*1\\.125,.*,2,1$`));
    expect(lines[7]).toBe('');
    expect(errors).toEqual([]);
    await context.close();
  });

  it('that may be spent today is told of providers and tenants, with what waits for it', async () => {
    const { page, context } = await openMoney(server);
    const providers = await rowsOf(await withBudgets(page), /by provider$/);
    expect(providers.get('openai')).toEqual(['$50.00', '$50.00', '99 %', '1']);
    expect(providers.get('claude')).toEqual(['$0.00', 'no limit', '–', '0']);
    const tenants = await rowsOf(page, /^Spent today, by tenant$/);
    expect(tenants.get('shop')).toEqual(['$1.25', '$5.00', '25 %', '0']);
    const tomorrow = dayOf(-1);
    await page.getByText(`${tomorrow} 00:00:00Z`, { exact: false }).waitFor();
    await context.close();
  });
});

async function withBudgets(page: Page): Promise<Page> {
  await page.getByRole('table', { name: 'Spent today, by provider' }).waitFor();
  return page;
}

describeInBrowser('money in other states', () => {
  const servers: ConsoleServer[] = [];
  const start = async (options: Parameters<typeof startConsole>[0]) => {
    const server = await startConsole(options);
    servers.push(server);
    return server;
  };
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('is the same for those who may only read', async () => {
    const { page, context } = await openMoney(await start({ seed: seedMoney, isReadOnly: true }));
    await page.getByText('$13.75').first().waitFor();
    expect((await rowsOf(page, SPEND)).get('All days')?.[3]).toBe('$13.75');
    await page.getByRole('button', { name: /^Download CSV: US/ }).waitFor();
    await context.close();
  });

  it('says that nothing has ended yet, and how to begin', async () => {
    const { page, context, errors } = await openMoney(await start({ seed: async () => {} }));
    await page.getByText('No batch has ended in the last 30 days.').waitFor();
    await page.getByRole('link', { name: 'Add the first batch' }).waitFor();
    await page.getByRole('link', { name: 'Turnaround' }).click();
    await page.getByText('No job has come to its end in this period.').waitFor();
    await page.getByText('No provider was asked to take a job in the last 30 days.').waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('says what the server says when it cannot read', async () => {
    const fail = async (): Promise<never> => {
      throw new Error('the credentials have expired: run aws sso login');
    };
    const replaced = () => ({ listPage: fail, providers: fail });
    const { page, context } = await openMoney(await start({ seed: seedMoney, replaced }));
    const told = page.getByRole('main').getByText(/the credentials have expired/);
    await expect.poll(() => told.count()).toBeGreaterThanOrEqual(2);
    expect(await axeProblems(page)).toEqual([]);
    await context.close();
  });
});
