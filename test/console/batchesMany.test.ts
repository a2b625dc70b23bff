import { expect, it } from 'vitest';
import type { DirectoryClient } from '../../inProcess/openDirectory.ts';
import {
  batchesUpTo,
  batchNumber,
  CountedClient,
} from '../shared/console/support/countedClient.ts';
import { idsOn, lineOf, openBatches } from './support/batchesTable.ts';
import { describeInBrowser } from './support/browser.ts';
import { startConsole } from './support/consoleServer.ts';

/** The console of a handler with these batches. */
function startCounted(counted: CountedClient, isReadOnly = false) {
  const { listPage, getBatch } = counted;
  const listBatches = counted.listBatches.bind(counted);
  const replaced = (): Partial<DirectoryClient> => ({ listPage, getBatch, listBatches });
  return startConsole({ seed: async () => {}, replaced, isReadOnly });
}

describeInBrowser('the table of very many batches', () => {
  it('shows more as it is asked to, draws those in sight, and selects all that are loaded', async () => {
    const server = await startCounted(new CountedClient(batchesUpTo(12_000)));
    const { page, context } = await openBatches(server);
    await page.getByText('100 batches so far. Searched back to').waitFor();
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByText('600 batches so far.').waitFor();
    expect(await page.locator('tbody tr').count()).toBeLessThan(200);
    await page.getByLabel('Select all batches that are loaded').check();
    await page.getByText('600 batches selected').waitFor();
    await page.getByRole('button', { name: 'Redeliver…' }).click();
    await page.getByText('600 batches are left out:').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('End');
    await page.getByRole('link', { name: 'batch-11400', exact: true }).waitFor();
    await page.getByLabel('Batch id').fill('batch-11999');
    await expect.poll(() => idsOn(page)).toEqual(['batch-11999']);
    // What is out of sight is no longer chosen.
    expect(await page.getByText('selected').count()).toBe(0);
    await context.close();
    await server.stop();
  });

  it('finds an id that is older than all that was read, and says how far back it searched', async () => {
    const counted = new CountedClient([...batchesUpTo(12_000), batchNumber(3, { tenant: 'rare' })]);
    const server = await startCounted(counted);
    const { page, context } = await openBatches(server, '?tenant=rare');
    await page
      .getByText(/^No batch of the filter so far\. Searched back to 2027-01-01 0\d:/)
      .waitFor();
    await page.getByRole('button', { name: 'Search further' }).click();
    await lineOf(page, 'batch-3').waitFor();
    await page.getByText('1 batch of the filter.').waitFor();
    counted.put({ ...batchNumber(7), batchId: 'x-single' });
    await page.goto(`${server.url}/batches?id=x-single`);
    await lineOf(page, 'x-single').waitFor();
    await page.goto(`${server.url}/batches?id=x-single&status=failed`);
    await page.getByText(/^No batch of the filter so far/).waitFor();
    expect(await idsOn(page)).toEqual([]);
    await context.close();
    await server.stop();
  });

  it('says that credentials have expired, before and after it has shown batches', async () => {
    const counted = new CountedClient(batchesUpTo(20));
    counted.failure = new Error('ExpiredToken: sign in again');
    const server = await startCounted(counted);
    const { page, context } = await openBatches(server);
    await page
      .getByRole('alert')
      .getByText(/ExpiredToken: sign in again/)
      .first()
      .waitFor();
    counted.failure = undefined;
    await lineOf(page, 'batch-19').waitFor();
    counted.failure = new Error('ExpiredToken: sign in again');
    await page.getByText(/What is shown may be old.*ExpiredToken: sign in again/).waitFor();
    await lineOf(page, 'batch-19').waitFor();
    counted.failure = undefined;
    await page.getByText(/What is shown may be old/).waitFor({ state: 'detached' });
    await context.close();
    await server.stop();
  });

  it('asks for no list again while batches change', async () => {
    const counted = new CountedClient(batchesUpTo(50, { status: 'running' }));
    const server = await startCounted(counted);
    const { page, context } = await openBatches(server, '?status=running');
    await lineOf(page, 'batch-49').waitFor();
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname === '/api/batches') asked.push(pathname);
    });
    for (let n = 50; n < 60; n++) counted.put(batchNumber(n, { status: 'running' }));
    counted.change('batch-49', { status: 'completed' });
    await lineOf(page, 'batch-59').waitFor();
    await lineOf(page, 'batch-49').waitFor({ state: 'detached' });
    expect((await idsOn(page)).slice(9, 12)).toEqual(['batch-50', 'batch-48', 'batch-47']);
    expect(asked).toEqual([]);
    await context.close();
    await server.stop();
  });

  it('offers nothing that changes something if the server is read-only, which also refuses it', async () => {
    const server = await startCounted(new CountedClient(batchesUpTo(3)), true);
    const { page, context } = await openBatches(server);
    await lineOf(page, 'batch-2').waitFor();
    expect(await page.getByRole('row').getByRole('checkbox').count()).toBe(0);
    const answer = await page.request.post(`${server.url}/api/batches/commands`, {
      data: { command: 'cancel', batchIds: ['batch-2'] },
      headers: { origin: server.url },
    });
    expect(answer.status()).toBe(403);
    await context.close();
    await server.stop();
  });
});
