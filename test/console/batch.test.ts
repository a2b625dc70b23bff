import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import { batchSchema } from '../../shared/batch/record.ts';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { HOSTILE, seedLives } from './support/seedLives.ts';

/** Opens the screen of a batch. */
async function open(
  server: ConsoleServer,
  batchId: string,
  { more = '', ...options }: Parameters<typeof openPage>[1] & { readonly more?: string } = {},
) {
  const opened = await openPage(server.consoleUrl, options);
  await opened.page.goto(`${server.url}/batches/${encodeURIComponent(batchId)}${more}`);
  await opened.page.getByRole('heading', { level: 1, name: batchId, exact: true }).waitFor();
  return opened;
}

describeInBrowser('the screen of one batch', () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole({ seed: seedLives });
  });
  afterAll(() => server?.stop());

  it('says first what a waiting batch waits for, since when and until when', async () => {
    const { page, context, errors, foreign } = await open(server, 'waits');
    const state = page.getByRole('region', { name: 'What it waits for' });
    await state.getByText('claude is blocked until').waitFor();
    expect(await state.innerText()).toMatch(
      /credit balance is too low[\s\S]*Since .*Z \(50 min ago\)\. Until .*Z \(in/,
    );
    expect(await page.getByRole('img', { name: /^From .*Queue of the provider/ }).count()).toBe(1);
    await page.getByText('The same as a table').click();
    const life = page.getByRole('table').first();
    await life
      .getByRole('cell', { name: 'Job of attempt 1: failed (token_limit_exceeded)' })
      .waitFor();
    // The queue that goes on has the reason and its time.
    expect(await life.getByRole('row').last().innerText()).toMatch(
      /Queue of the provider[\s\S]*now[\s\S]*claude is blocked[\s\S]*Z: token_limit_exceeded: Enqueued/,
    );
    const reasons = page.getByRole('region', { name: 'Reasons', exact: true });
    await reasons.getByRole('cell', { name: 'Enqueued token limit reached.' }).waitFor();
    expect([errors, foreign]).toEqual([[], []]);
    await context.close();
  });

  it('shows how far a running batch is, what it costs and when it ends', async () => {
    const { page, context, errors } = await open(server, 'runs');
    await page.getByRole('progressbar', { name: '12,000 of 48,000 requests' }).waitFor();
    const cost = page.getByRole('region', { name: 'Cost' });
    expect((await cost.innerText()).split('\n').filter(Boolean)).toEqual([
      'Cost',
      '$1.25',
      'Estimated',
      '$10.32',
      'At most',
      '$40.00',
    ]);
    expect(await page.getByRole('region', { name: 'Time' }).innerText()).toMatch(
      /Ends about\s+20.*Z \(in 3 h/,
    );
    const facts = page.getByRole('region', { name: 'Facts' });
    for (const text of ['support', 'nightly', 'gpt-5-mini', '/v1/chat/completions'])
      await facts.getByText(text, { exact: true }).first().waitFor();
    const jobs = page.getByRole('region', { name: 'Past jobs, the latest first' });
    expect(await jobs.getByRole('row').nth(1).innerText()).toMatch(
      /1\s+expired \(batch_expired\)\s+9,000\s+48,000/,
    );
    const commands = page.getByRole('region', { name: 'In the terminal' });
    expect(await commands.locator('code').allTextContents()).toEqual([
      'batch-handler show runs',
      'batch-handler show runs --html > runs.html',
      'batch-handler watch runs',
      'batch-handler cancel runs',
    ]);
    await page.getByRole('region', { name: 'Logs' }).getByText('your program').waitFor();
    await page.getByRole('button', { name: 'Cancel…' }).waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('shows 200 parts as strips with their sums, each of which opens its part', async () => {
    const { page, context } = await open(server, 'big');
    const parts = page.getByRole('region', { name: 'Parts' });
    await parts.getByText('200 parts: 20 queued, 120 running, 40 completed, 20 failed.').waitFor();
    expect(await parts.getByRole('listitem').count()).toBe(200);
    await parts.getByRole('link', { name: 'Part 106 running, 200 of 500 requests 40 %' }).click();
    await page.getByRole('heading', { level: 1, name: 'big/106' }).waitFor();
    // A part is commanded with its batch.
    await page.getByRole('region', { name: 'In the terminal' }).waitFor();
    expect(await page.getByRole('button', { name: 'Cancel…' }).count()).toBe(0);
    await page.getByRole('link', { name: 'big', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'big', exact: true }).waitFor();
    await context.close();
  });

  it('tells what is wrong with an input that was refused, with the lines', async () => {
    const { page, context } = await open(server, 'refused');
    await page.getByRole('heading', { name: 'The input was refused: 213 problems' }).waitFor();
    const table = page.getByRole('region', { name: 'Problems by kind' });
    expect(await table.getByRole('row').nth(1).innerText()).toMatch(
      /200\s+Such as: custom_id "a" is there twice\s+duplicate_custom_id\s+3, 9, 12,001/,
    );
    await page.getByText('12 more are of other kinds.').waitFor();
    expect(await page.getByRole('button', { name: 'Retry…' }).count()).toBe(0);
    await context.close();
  });

  it('counts what failed by error, and links to a row that failed so', async () => {
    const { page, context } = await open(server, 'tickets');
    await page.getByText(/^It completed 1 h ago, 4 h 59 min|^It completed 1 h ago, 5 h/).waitFor();
    await page.getByRole('heading', { name: '4 requests failed' }).waitFor();
    const table = page.getByRole('region', { name: 'Failures by error' });
    expect(await table.getByRole('row').nth(1).innerText()).toMatch(
      /3\s+400\s+content_policy\s+ticket-7/,
    );
    await table.getByRole('link', { name: 'ticket-7' }).click();
    expect(page.url()).toBe(`${server.url}/batches/tickets?row=ticket-7#rows`);
    await context.close();
  });

  it('is opened at its rows by an address that names them', async () => {
    const { page, context } = await open(server, 'tickets', { more: '?row=ticket-7#rows' });
    const rows = page.locator('#rows');
    await rows.getByRole('heading', { name: 'Rows', exact: true }).waitFor();
    await expect.poll(async () => (await rows.boundingBox())?.y).toBeLessThan(300);
    await context.close();
  });

  it('says that there is no such batch, and what may be the reason', async () => {
    const { page, context } = await open(server, 'nobody');
    await page.getByRole('alert').getByText('there is no batch nobody').waitFor();
    await page.getByRole('link', { name: 'dead letters', exact: true }).waitFor();
    await context.close();
    const odd = await open(server, 'a b/c');
    await odd.page.getByRole('alert').getByText('there is no batch with such an id').waitFor();
    await odd.context.close();
  });

  it('tells of a record that cannot be read what can be told', async () => {
    const { page, context } = await open(server, 'broken');
    await page.getByRole('alert').getByText('its JSON is broken').waitFor();
    await page.getByText('bh0123456789abcdef').waitFor();
    await page.getByText('batch-handler remove broken').waitFor();
    await context.close();
  });

  it('shows what came from outside as text, whatever it is', async () => {
    const { page, context, errors, foreign } = await open(server, 'hostile');
    await page.getByText('The same as a table').click();
    const shown = page.getByText(HOSTILE.split('\n')[0] ?? '');
    await shown.first().waitFor();
    expect(await shown.count()).toBeGreaterThanOrEqual(10);
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    expect(await page.locator('main script, main img').count()).toBe(0);
    expect([errors, foreign]).toEqual([[], []]);
    await context.close();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 400],
  ] as const)('has nothing for axe to find, %s at %i pixels', async (colorScheme, width) => {
    for (const batchId of ['runs', 'big', 'small', 'tickets', 'refused', 'hostile']) {
      const { page, context } = await open(server, batchId, { colorScheme, width });
      await page.getByText('The same as a table').click();
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      expect(await axeProblems(page)).toEqual([]);
      // What is too wide scrolls within itself.
      const needed = await page.evaluate('document.documentElement.scrollWidth');
      expect(needed).toBeLessThanOrEqual(width);
      await context.close();
    }
  });
});

describeInBrowser('the screen of one batch, by itself', () => {
  it('changes when the batch does', async () => {
    const server = await startConsole({ seed: seedLives });
    try {
      const { page, context } = await open(server, 'runs');
      await page.getByRole('region', { name: 'What it waits for' }).waitFor();
      const { connection } = server.client;
      const batch = await connection.batches.get('runs');
      const ended = {
        ...{ ...batch, status: 'cancelled', version: (batch?.version ?? 0) + 1 },
        ...{ endedAt: Date.now(), statusAt: Date.now(), previousStatus: 'running' },
      };
      const store = batchStore(connection.items, DEFAULT_POLICY);
      expect(await store.replace(batchSchema.parse(ended))).toBe('written');
      await page
        .getByRole('region', { name: 'How it ended' })
        .getByText('It was cancelled')
        .waitFor();
      await context.close();
    } finally {
      await server.stop();
    }
  });

  it('offers nothing that changes something if the server is read-only', async () => {
    const server = await startConsole({ seed: seedLives, isReadOnly: true });
    try {
      const { page, context } = await open(server, 'runs');
      await page.getByRole('region', { name: 'In the terminal' }).waitFor();
      expect(await page.getByRole('button', { name: /Cancel…|Retry…|Redeliver…/ }).count()).toBe(0);
      await context.close();
    } finally {
      await server.stop();
    }
  });
});
