import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BatchHandler, createBatchHandler } from '../../inProcess/createBatchHandler.ts';
import { startOpenAiSimulator } from '../../simulators/openai/index.ts';
import { lineOf, openBatches } from './support/batchesTable.ts';
import { describeInBrowser } from './support/browser.ts';
import { type ConsoleServer, PROVIDERS, startConsole } from './support/consoleServer.ts';

/** Requests whose price is known. */
function requests(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    ...{ custom_id: `r${index}`, method: 'POST', url: '/v1/embeddings' },
    body: { model: 'text-embedding-3-small', input: `text ${index}` },
  }));
}

/** Asks for a command by the button over the table. @returns the dialog */
async function ask(page: Page, command: string) {
  await page.getByRole('button', { name: `${command}…` }).click();
  return page.getByRole('dialog');
}

describeInBrowser('the table of a handler that runs', () => {
  let server: ConsoleServer;
  let handler: BatchHandler;
  let simulator: Awaited<ReturnType<typeof startOpenAiSimulator>>;
  const delivered: string[] = [];
  const dataDir = mkdtempSync(join(tmpdir(), 'openai-'));

  beforeAll(async () => {
    // The first job of each batch leaves one request unfinished. Its second never ends by itself.
    simulator = await startOpenAiSimulator({
      ...{ dataDir, plan: ['partial', 'stuck'], jobSeconds: 0.05 },
    });
    server = await startConsole({ seed: async () => {} });
    handler = createBatchHandler({
      directory: server.client.handler.name,
      providers: { ...PROVIDERS, openai: { ...PROVIDERS.openai, baseUrl: simulator.url } },
      sweepSeconds: 0.1,
      // A batch ends after its first job, until somebody has it retried.
      policy: { maxAttempts: 1 },
      process: async ({ batchId }) => void delivered.push(batchId),
      log: { info: () => {}, warn: () => {}, error: () => {} },
    });
    void handler.run();
  });
  afterAll(async () => {
    await handler?.close();
    await server?.stop();
    await simulator?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('shows what comes, and carries out retry, cancel and redeliver for several batches', async () => {
    const { page, context, errors } = await openBatches(server);
    await page.getByText('There are no batches yet.').waitFor();
    for (const batchId of ['a', 'b']) await handler.addBatch({ batchId, requests: requests(10) });
    for (const id of ['a', 'b']) {
      await lineOf(page, id).getByText('completed', { exact: true }).waitFor();
      await lineOf(page, id).getByText('1 not finished').waitFor();
    }

    await page.getByLabel('Select all batches that are loaded').check();
    const cancelling = await ask(page, 'Cancel');
    await cancelling.getByText('None of the batches that you chose can be cancelled.').waitFor();
    await cancelling.getByText('2: it has ended').waitFor();
    await cancelling.getByRole('button', { name: 'Close' }).click();

    const retrying = await ask(page, 'Retry');
    await retrying
      .getByText(
        /The 2 requests that have failed or not finished in 2 batches run again, for about <\$0\.00001/,
      )
      .waitFor();
    await retrying.getByRole('button', { name: 'Retry 2 batches' }).click();
    await retrying.getByText(/^Sent for 2 batches\./).waitFor();
    await retrying.getByRole('button', { name: 'Close' }).click();
    for (const id of ['a', 'b'])
      await lineOf(page, id).getByText('running', { exact: true }).waitFor();

    const again = await ask(page, 'Cancel');
    await again.getByText(/2 batches end as cancelled, and can be retried later/).waitFor();
    await again.getByRole('button', { name: 'Leave as it is' }).click();
    expect((await handler.getBatch('a'))?.cancelRequested).toBe(false);
    // Those that are cancelled no longer pass.
    await page.goto(`${server.url}/batches?status=open`);
    await page.getByLabel('Select all batches that are loaded').check();
    const last = await ask(page, 'Cancel');
    await last.getByRole('button', { name: 'Cancel 2 batches' }).click();
    await last.getByText(/^Sent for 2 batches\./).waitFor();
    await last.getByRole('button', { name: 'Close' }).click();
    await page.getByText('No batch of the filter.').waitFor();
    expect((await handler.getBatch('b'))?.status).toBe('cancelled');

    await page.goto(`${server.url}/batches?id=b`);
    await page.getByLabel('Select b', { exact: true }).check();
    const before = delivered.filter((id) => id === 'b').length;
    const delivering = await ask(page, 'Redeliver');
    await delivering.getByText(/The processor is invoked again .* This costs no tokens/).waitFor();
    await delivering.getByRole('button', { name: 'Redeliver 1 batch' }).click();
    await expect.poll(() => delivered.filter((id) => id === 'b').length).toBe(before + 1);
    await delivering.getByRole('button', { name: 'Close' }).click();
    await lineOf(page, 'b').getByText('completed', { exact: true }).waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('says why the handler refuses what its row still allows', async () => {
    const { page, context } = await openBatches(server);
    await handler.addBatch({ batchId: 'c', requests: requests(4) });
    await lineOf(page, 'c').getByText('completed', { exact: true }).waitFor();
    await page.getByLabel('Select c', { exact: true }).check();
    const dialog = await ask(page, 'Retry');
    await handler.retry('c');
    await expect.poll(async () => (await handler.getBatch('c'))?.status).toBe('running');
    await dialog.getByRole('button', { name: 'Retry 1 batch' }).click();
    await dialog.getByText('Not retried: 1 batch.').waitFor();
    await dialog.getByText(/c: cannot retry batch c: it is running/).waitFor();
    await context.close();
  });
});
