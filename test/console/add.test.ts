import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchHandler } from '../../inProcess/index.ts';
import { ClientError } from '../../shared/client/clientError.ts';
import { startOpenAiSimulator } from '../../simulators/openai/index.ts';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, PROVIDERS, startConsole } from './support/consoleServer.ts';
import { chooseText, requestLine, requestLines } from './support/requestFiles.ts';

async function openAdd(server: ConsoleServer, options: Parameters<typeof openPage>[1] = {}) {
  const opened = await openPage(server.consoleUrl, options);
  await opened.page.getByRole('link', { name: 'Add' }).click();
  return opened;
}

/** Waits until the file is inspected for the default entry, which takes it. */
async function isReady(page: Page): Promise<void> {
  await page.getByRole('row', { name: /openai.*yes/ }).waitFor();
}

async function addIt(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add it…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Add the batch' }).click();
}

describeInBrowser('the screen Add', () => {
  describe('of a file', () => {
    let server: ConsoleServer;
    beforeAll(async () => {
      server = await startConsole();
    });
    afterAll(() => server?.stop());

    it.each([
      { colorScheme: 'light', width: 1280 },
      { colorScheme: 'dark', width: 400 },
    ] as const)('shows what it costs and where there is room: $colorScheme', async (look) => {
      const { page, context, errors, foreign } = await openAdd(server, look);
      await chooseText(page, `${look.colorScheme}.jsonl`, requestLines(500));
      await isReady(page);
      await page.getByText('about $0.051 at most, at $0.125 and $1 a million tokens').waitFor();
      const row = (entry: string) => page.getByRole('row', { name: new RegExp(`^${entry}`) });
      await row('openai').getByText('1 batch waits there').waitFor();
      await row('claude').getByText('yes, if it serves the model').waitFor();
      await row('claude')
        .getByText(/claude is blocked until .*credit balance is too low/)
        .waitFor();
      await row('gemini').getByText('room now').waitFor();
      expect(await axeProblems(page)).toEqual([]);
      await page.getByLabel('claude').check();
      await page.getByText('not known: claude has no price for gpt-5-mini').waitFor();
      await page.getByRole('button', { name: 'Add it…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog
        .getByText(/500 requests of .* go to openai or claude in 1 job or more/)
        .waitFor();
      await dialog.getByText('Cost: not known: claude has no price for gpt-5-mini.').waitFor();
      expect(await axeProblems(page)).toEqual([]);
      expect(errors).toEqual([]);
      expect(foreign).toEqual([]);
      await context.close();
    });

    it('shows each kind of problem with its lines, as text', async () => {
      const { page, context, errors } = await openAdd(server);
      const lines = [
        requestLine('a'),
        requestLine('a'),
        '{"<script>alert(1)</script>"\n',
        `${'x'.repeat(500)}\n`,
      ];
      await chooseText(page, '<script>alert(1)</script>.jsonl', lines.join(''));
      const problems = page.getByRole('region', { name: 'Problems at openai' });
      await problems.getByText('openai would refuse it: 3 problems in 4 lines').waitFor();
      const kinds = problems.getByRole('listitem');
      await kinds.filter({ hasText: 'invalid_json_line' }).getByText('2 times').waitFor();
      await problems.getByText('line 2 {"custom_id":"a"').waitFor();
      await problems.getByText('line 3 {"<script>alert(1)</script>"').waitFor();
      await problems.getByText(`line 4 ${'x'.repeat(300)}…`).waitFor();
      expect(await page.getByRole('button', { name: 'Add it…' }).isDisabled()).toBe(true);
      expect(await page.locator('main script').count()).toBe(0);
      expect(await axeProblems(page)).toEqual([]);
      expect(errors).toEqual([]);
      await context.close();
    });

    it('says of what is no file of requests what it is', async () => {
      const { page, context } = await openAdd(server);
      await chooseText(page, 'paper.pdf', '%PDF-1.7\n%âãÏÓ\n1 0 obj\n');
      await page.getByText('paper.pdf: not JSONL: its first line is not a JSON object').waitFor();
      await chooseText(page, 'one.jsonl', 'x');
      await page.getByText('one.jsonl: not JSONL').waitFor();
      await chooseText(page, 'nothing.jsonl', '');
      await page.getByText('nothing.jsonl is empty: it has no requests').waitFor();
      await page.getByRole('button', { name: 'Leave it' }).click();
      await page.getByText('nothing.jsonl is empty').waitFor({ state: 'detached' });
      await context.close();
    });

    it('takes pasted lines, and what is dropped anywhere', async () => {
      const { page, context } = await openAdd(server);
      await page.getByText('Paste lines instead').click();
      await page.getByLabel('Requests, one on each line').fill(requestLine('pasted'));
      await page.getByRole('button', { name: 'Take these lines' }).click();
      await page.getByRole('region', { name: 'pasted.jsonl' }).getByText('inspected').waitFor();
      const dropped = await page.evaluateHandle(
        `const transfer = new DataTransfer();
        transfer.items.add(new File([${JSON.stringify(requestLine('dropped'))}], 'dropped.jsonl'));
        transfer`,
      );
      await page.dispatchEvent('h1', 'drop', { dataTransfer: dropped });
      await page.getByRole('region', { name: 'dropped.jsonl' }).getByText('inspected').waitFor();
      await context.close();
    });

    it('is read as the provider’s own format when that is asked', async () => {
      const { page, context } = await openAdd(server);
      await chooseText(page, 'native.jsonl', requestLines(3));
      await isReady(page);
      await page.getByText('Read it as another format').click();
      await page.getByLabel('Bodies of the requests').selectOption('native');
      await page.getByLabel('Endpoint of all requests').fill('/v1/embeddings');
      await page.getByRole('button', { name: 'Inspect it again' }).click();
      await page.getByText(/openai would refuse it: 3 problems/).waitFor();
      await context.close();
    });

    it('is refused over the highest cost, and with options that the message may not have', async () => {
      const { page, context } = await openAdd(server);
      await chooseText(page, 'dear.jsonl', requestLines(500));
      await isReady(page);
      await page.getByLabel('Highest cost in USD').fill('0.01');
      await addIt(page);
      await page.getByText(/estimated to cost \$0.05\d*, over its maxCost of \$0.01/).waitFor();
      await page.getByRole('button', { name: 'Back' }).click();
      await page.getByLabel('Highest cost in USD').fill('');
      await page.getByLabel('Batch id').fill('<script>');
      await addIt(page);
      await page
        .getByRole('dialog')
        .getByText(/batchId.*must be 1 to 100 of/)
        .waitFor();
      await context.close();
    });
  });

  it('only says the command if it may change nothing', async () => {
    const server = await startConsole({ isReadOnly: true });
    const { page, context, errors } = await openAdd(server);
    await page.getByText('batch-handler estimate FILE').waitFor();
    expect(await page.getByLabel('Choose files').count()).toBe(0);
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
    await server.stop();
  });

  it('keeps the file when its upload fails, and can be cancelled', async () => {
    let tries = 0;
    const server = await startConsole({
      seed: async () => {},
      replaced: (client) => ({
        async addBatch(batch, options = {}) {
          tries += 1;
          if (tries === 1) throw new Error('the credentials have expired: sign in again');
          if (tries > 2) return client.addBatch(batch, options);
          options.onProgress?.(10, 100);
          await delay(2 ** 30, undefined, { signal: options.signal ?? AbortSignal.abort() });
          throw new Error('it was not cancelled');
        },
      }),
    });
    const { page, context } = await openAdd(server);
    await chooseText(page, 'failing.jsonl', requestLines(2));
    await isReady(page);
    await addIt(page);
    await page.getByText(/the credentials have expired.*the file is still here/).waitFor();
    await addIt(page);
    await page.getByText(/Uploading to the handler/).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Cancel the upload' }).click();
    await page.getByText('Cancelled: nothing was sent').waitFor();
    await isReady(page);
    await addIt(page);
    // Nothing runs this handler.
    await page.getByText(/is sent, and nothing carries it out/).waitFor();
    expect(server.logged.join('\n')).not.toContain('failing');
    await context.close();
    await server.stop();
  });

  it('says why the handler refuses the message, and keeps the file', async () => {
    const server = await startConsole({
      seed: async () => {},
      replaced: () => ({
        waitForBatch: async () => {
          throw new ClientError('refused', 'the message was refused: batch x exists');
        },
      }),
    });
    const { page, context } = await openAdd(server);
    await chooseText(page, 'refused.jsonl', requestLines(2));
    await isReady(page);
    await addIt(page);
    await page.getByText('the message was refused: batch x exists').waitFor();
    expect(await page.getByRole('button', { name: 'Add it…' }).isEnabled()).toBe(true);
    await context.close();
    await server.stop();
  });

  it('adds a batch that the handler completes, and does not add it twice', async () => {
    const server = await startConsole({ seed: async () => {} });
    const dataDir = mkdtempSync(join(tmpdir(), 'add-openai-'));
    const simulator = await startOpenAiSimulator({
      dataDir,
      plan: ['completed'],
      jobSeconds: 0.05,
    });
    const delivered: string[] = [];
    const openai = { ...PROVIDERS.openai, baseUrl: simulator.url };
    const handler = createBatchHandler({
      ...{ directory: server.client.handler.name, sweepSeconds: 0.05 },
      providers: { ...PROVIDERS, openai },
      process: async ({ batchId }) => void delivered.push(batchId),
      log: { info: () => {}, warn: () => {}, error: () => {} },
    });
    const running = handler.run();
    const { page, context, errors } = await openAdd(server);
    const file = requestLines(20);
    await chooseText(page, 'real.jsonl', file);
    await isReady(page);
    await page.getByLabel('Batch id').fill('from-the-page');
    await page.getByLabel('Priority').fill('7');
    await page.getByLabel('Tenant').fill('shop');
    await page.getByRole('button', { name: 'Add a pair' }).click();
    await page.getByLabel('Key 1').fill('team');
    await page.getByLabel('Value 1').fill('<script>search</script>');
    await addIt(page);
    await page.getByText('The handler has taken in batch from-the-page.').waitFor();
    await expect
      .poll(async () => (await server.client.getBatch('from-the-page'))?.status)
      .toBe('completed');
    expect(delivered).toEqual(['from-the-page']);
    expect(await server.client.getBatch('from-the-page')).toMatchObject({
      ...{ priority: 7, tenant: 'shop', metadata: { team: '<script>search</script>' } },
      counts: { total: 20, succeeded: 20 },
    });

    await page.getByRole('button', { name: 'Hide real.jsonl' }).click();
    await chooseText(page, 'real.jsonl', file);
    await isReady(page);
    await page.getByLabel('Batch id').fill('from-the-page');
    await addIt(page);
    await page.getByText(/batch from-the-page exists with another .*: choose another id/).waitFor();
    await page.getByLabel('Priority').fill('7');
    await page.getByLabel('Tenant').fill('shop');
    await page.getByRole('button', { name: 'Add a pair' }).click();
    await page.getByLabel('Key 1').fill('team');
    await page.getByLabel('Value 1').fill('<script>search</script>');
    await addIt(page);
    await page.getByText('exists with the same input and options and is completed').waitFor();
    await page.getByRole('link', { name: 'batch from-the-page' }).click();
    await page.getByRole('heading', { name: 'from-the-page' }).waitFor();
    // The server told of the id that is taken by a status of its own.
    expect(errors.filter((error) => !error.includes('409'))).toEqual([]);
    await context.close();
    await handler.close();
    await running;
    await simulator.close();
    rmSync(dataDir, { recursive: true, force: true });
    await server.stop();
  });
});
