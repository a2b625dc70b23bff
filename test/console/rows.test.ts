import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DirectoryClient } from '../../inProcess/openDirectory.ts';
import type { Batch } from '../../shared/batch/record.ts';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { seedBatch } from './support/seed.ts';

const HOUR = 3_600_000;
const SCRIPT = '<script>document.title = "taken"</script>';

const nameOf = (index: number) => `ticket-${String(index).padStart(4, '0')}`;

/** 130 tickets, of which every 50th was refused, and one that tries to be a page. */
function tickets() {
  const rows = Array.from({ length: 130 }, (_, index) => {
    const customId = nameOf(index);
    const prompt = `Classify ticket ${index}: "My invoice shows a wrong address."`;
    if (index % 50 === 17)
      return {
        ...{ customId, prompt },
        error: { code: 'content_policy', message: 'The prompt was refused.', status: 400 },
      };
    return { customId, prompt, answer: `billing, urgency ${index % 5}` };
  });
  return [
    ...rows,
    { customId: `${SCRIPT} "é"`, prompt: `Say ${SCRIPT}`, answer: `=1+1 ${SCRIPT}` },
  ];
}

const inputOf = (requests: number) => ({
  ...{ bytes: 1_000, requests, estimatedTokens: 100 },
  ...{ endpoint: '/v1/chat/completions', model: 'm' },
});

const OLD_TOKEN = 'seed-first';
const past = (attempt: number, rowsToken?: string) => ({
  ...{ id: `batch_${attempt}`, provider: 'openai', attempt, submittedAt: 1e12, endedAt: 1.1e12 },
  ...{ end: 'expired' as const, requests: 131, succeeded: 0, ...(rowsToken && { rowsToken }) },
});

async function seed(client: DirectoryClient): Promise<void> {
  const put = (key: string, lines: readonly object[]) =>
    client.connection.objects.upload(
      key,
      Readable.from([Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))]),
    );
  const age = 5 * HOUR;
  await seedBatch(client, {
    ...{ batchId: 'tickets', status: 'completed', age, rows: tickets() },
    changes: {
      pastJobs: [past(1), past(2, 'expired'), past(3, OLD_TOKEN), past(4, 'seed')],
      counts: { total: 131, succeeded: 128, failed: 3, unfinished: 0 },
    },
  });
  await put(`batches/tickets/${OLD_TOKEN}/results.jsonl`, []);
  await put(
    `batches/tickets/${OLD_TOKEN}/errors.jsonl`,
    tickets().map(({ customId }) => ({
      ...{ id: null, custom_id: customId, response: null },
      error: { code: 'batch_expired', message: 'This request could not be executed in time.' },
    })),
  );
  await seedBatch(client, { batchId: 'running', status: 'running', age });
  const input = tickets().map(({ customId, prompt }) => ({
    custom_id: customId,
    body: { model: 'm', messages: [{ role: 'user', content: prompt }] },
  }));
  await put('batches/running/seed/input.jsonl', input);
  await seedBatch(client, { batchId: 'expired', status: 'completed', age });
  const first = Buffer.byteLength(`${JSON.stringify(input[0])}\n`);
  const like = await seedBatch(client, { batchId: 'like-a-part', status: 'cancelled', age });
  const part = {
    ...{ batchId: 'running/1', input: { ...inputOf(1), key: 'batches/running/seed/input.jsonl' } },
    part: { parentId: 'running', range: { start: 0, end: first } },
  };
  await client.connection.batches.create({ ...like, ...part } as Batch);
}

describeInBrowser('the rows of a batch', () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole({ seed });
  });
  afterAll(() => server?.stop());

  /** Opens an address of the console and hands it over, and looks for errors afterwards. */
  async function at(
    path: string,
    use: (page: Page) => Promise<void>,
    options?: Parameters<typeof openPage>[1],
  ): Promise<void> {
    const { page, context, errors, foreign } = await openPage(server.consoleUrl, options);
    await page.goto(`${server.url}${path}`);
    await use(page);
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
    await context.close();
  }
  const opener = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

  it('are shown page by page beside their requests', () =>
    at('/batches/tickets', async (page) => {
      await opener(page, nameOf(0)).waitFor();
      const openers = page.locator('.opener');
      expect(await openers.count()).toBe(50);
      const row = page.getByRole('row').filter({ hasText: nameOf(17) });
      expect(await row.textContent()).toContain('content_policy: The prompt was refused.');
      expect(await axeProblems(page)).toEqual([]);
      const next = page.getByRole('button', { name: 'Next' });
      await next.click();
      await opener(page, nameOf(50)).waitFor();
      await next.click();
      await opener(page, nameOf(129)).waitFor();
      expect(await openers.count()).toBe(31);
      await expect.poll(() => next.isDisabled()).toBe(true);
      await page.getByRole('button', { name: 'Previous' }).click();
      await opener(page, nameOf(99)).waitFor();
      await page.getByRole('button', { name: 'First page' }).click();
      await opener(page, nameOf(49)).waitFor();
      expect(await page.getByRole('button', { name: 'Previous' }).isDisabled()).toBe(true);
    }));

  it('are those that failed alone, by an address that can be sent', () =>
    at('/batches/tickets?view=failed', async (page) => {
      await opener(page, nameOf(117)).waitFor();
      expect(await page.locator('.opener').allTextContents()).toEqual([17, 67, 117].map(nameOf));
      expect(await page.locator('#rows tbody tr').first().textContent()).toContain(
        'Classify ticket 17',
      );
      await page.getByRole('button', { name: 'Succeeded 128' }).click();
      await opener(page, nameOf(0)).waitFor();
      expect(page.url()).toContain('view=succeeded');
    }));

  it('open by the keyboard, as words and as the JSON of their files', () =>
    at('/batches/tickets?view=failed', async (page) => {
      await opener(page, nameOf(17)).focus();
      await page.keyboard.press('Enter');
      const request = page.getByRole('region', { name: 'Request', exact: true });
      await request.getByText('Classify ticket 17: "My invoice').waitFor();
      const row = page.getByRole('region', { name: 'Row', exact: true });
      expect(await row.textContent()).toContain('HTTP status400');
      expect(await axeProblems(page)).toEqual([]);
      if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-open.png` });
      await page.getByRole('button', { name: 'Raw JSON' }).press('Space');
      const raw = request.locator('pre');
      await expect.poll(() => raw.textContent()).toMatch(/^\{"custom_id":"ticket-0017",/);
      await opener(page, nameOf(17)).press('Enter');
      await expect.poll(() => request.count()).toBe(0);
    }));

  it('are found by their custom_id, also from the address, and paged from there', () =>
    at('/batches/tickets', async (page) => {
      await page.getByLabel('Find a row by its custom_id').fill(nameOf(60));
      await page.keyboard.press('Enter');
      await page
        .getByRole('region', { name: 'Request', exact: true })
        .getByText('Classify ticket 60:')
        .waitFor();
      expect(page.url()).toContain(`row=${nameOf(60)}`);
      expect(await page.locator('.opener').first().textContent()).toBe(nameOf(60));
      await page.reload();
      await page
        .getByRole('region', { name: 'Request', exact: true })
        .getByText('Classify ticket 60:')
        .waitFor();
      await page.getByRole('button', { name: 'Next' }).click();
      await opener(page, nameOf(110)).waitFor();
      await page.getByLabel('Find a row by its custom_id').fill('nobody');
      await page.getByRole('button', { name: 'Find', exact: true }).click();
      await page.getByText('There is no row with the custom_id nobody').waitFor();
      await page.getByRole('button', { name: 'Show all rows' }).click();
      await opener(page, nameOf(0)).waitFor();
    }));

  it('are text, whatever they hold', () =>
    at('/batches/tickets', async (page) => {
      await page.getByLabel('Find a row by its custom_id').fill(`${SCRIPT} "é"`);
      await page.keyboard.press('Enter');
      const request = page.getByRole('region', { name: 'Request', exact: true });
      await request.getByText(`Say ${SCRIPT}`).waitFor();
      const row = page.getByRole('region', { name: 'Row', exact: true });
      expect(await row.textContent()).toContain(`=1+1 ${SCRIPT}`);
      await page.getByRole('button', { name: 'Raw JSON' }).click();
      await row.locator('pre').getByText('"choices":').waitFor();
      expect(await page.locator('main script').count()).toBe(0);
      expect(await page.title()).not.toBe('taken');
    }));

  it('can be compared from attempt to attempt', () =>
    at(`/batches/tickets?row=${nameOf(3)}`, async (page) => {
      await page.getByRole('button', { name: 'Compare its attempts' }).click();
      const table = page.getByRole('region', { name: 'Attempts, side by side' });
      await table.getByText('billing, urgency 3').waitFor();
      const cells = (name: string) =>
        table
          .getByRole('row')
          .filter({ has: page.getByRole('rowheader', { name, exact: true }) })
          .getByRole('cell');
      expect(await cells('Attempt').allTextContents()).toEqual(
        [1, 2, 3, 4].map((n) => `${n} at openai`),
      );
      expect(await cells('Status').allTextContents()).toEqual([
        'Where the rows of this job are is not recorded.',
        'The rows of this job are gone: they were deleted by their age.',
        'unfinished',
        'succeeded',
      ]);
      expect(await cells('Error').allTextContents()).toEqual([
        ...['', '', 'batch_expired: This request could not be executed in time.', ''],
      ]);
      expect(await table.locator('mark').allTextContents()).toEqual([
        ...['succeeded', '200', 'billing, urgency 3', '12 in, 8 out'],
      ]);
      expect(await axeProblems(page)).toEqual([]);
      if (process.env.SHOT)
        await page.screenshot({ path: `${process.env.SHOT}-attempts.png`, fullPage: true });
    }));

  it('are downloaded as they are, and as a CSV that a spreadsheet can open', () =>
    at('/batches/tickets?view=failed', async (page) => {
      const save = async (name: string) => {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('link', { name, exact: true }).click(),
        ]);
        return {
          name: download.suggestedFilename(),
          text: await readFile(await download.path(), 'utf8'),
        };
      };
      const jsonl = await save('JSONL');
      expect(jsonl.name).toBe('tickets-failed.jsonl');
      const ids = jsonl.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).custom_id);
      expect(ids).toEqual([17, 67, 117].map(nameOf));
      await page.getByRole('button', { name: 'All 131' }).click();
      await opener(page, nameOf(0)).waitFor();
      const csv = await save('CSV');
      expect(csv.name).toBe('tickets-all.csv');
      expect(csv.text.split('\r\n')[18]).toBe(
        `${nameOf(17)},failed,content_policy,The prompt was refused.,,,`,
      );
      expect(csv.text).toContain(`"'=1+1 ${SCRIPT.replaceAll('"', '""')}",12,8`);
      await opener(page, nameOf(1)).click();
      const line = await Promise.all([
        page.waitForEvent('download'),
        page
          .getByRole('region', { name: 'Request', exact: true })
          .getByRole('link', { name: 'Download this line' })
          .click(),
      ]);
      expect(JSON.parse(await readFile(await line[0].path(), 'utf8')).custom_id).toBe(nameOf(1));
    }));

  it('of a batch that runs are its requests', () =>
    at('/batches/running', async (page) => {
      await opener(page, nameOf(0)).waitFor();
      await page.getByText('No job of this batch was collected yet').waitFor();
      expect(await page.locator('#rows tbody tr').first().textContent()).toContain('no row');
      expect(await page.getByRole('link', { name: 'CSV' }).count()).toBe(0);
    }));

  it('of a part are its own alone', () =>
    at('/batches/running%2F1', async (page) => {
      await opener(page, nameOf(0)).waitFor();
      expect(await page.locator('.opener').count()).toBe(1);
    }));

  it('that have expired are said to be gone', () =>
    at('/batches/expired', async (page) => {
      await page.getByText('The requests, results, errors of this batch have expired').waitFor();
    }));

  it.each(['light', 'dark'] as const)('fit into 400 pixels, %s', (colorScheme) =>
    at(
      `/batches/tickets?row=${nameOf(17)}`,
      async (page) => {
        await page
          .getByRole('region', { name: 'Request', exact: true })
          .getByText('Classify ticket 17:')
          .waitFor();
        const scrollWidth = await page.evaluate('document.documentElement.scrollWidth');
        expect(scrollWidth).toBeLessThanOrEqual(400);
        expect(await axeProblems(page)).toEqual([]);
        if (process.env.SHOT)
          await page.screenshot({
            path: `${process.env.SHOT}-${colorScheme}.png`,
            fullPage: false,
          });
      },
      { colorScheme, width: 400 },
    ),
  );
});

describeInBrowser('a server that is read-only', () => {
  it('shows the rows and gives them for download', async () => {
    const server = await startConsole({ seed, isReadOnly: true });
    const { page, context, errors } = await openPage(server.consoleUrl);
    await page.goto(`${server.url}/batches/tickets`);
    await page.getByRole('button', { name: nameOf(0) }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toContain(nameOf(129));
    expect(errors).toEqual([]);
    await context.close();
    await server.stop();
  });
});
