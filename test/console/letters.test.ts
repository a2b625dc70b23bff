import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DirectoryClient } from '../../inProcess/openDirectory.ts';
import type { MoveProgress } from '../../shared/batch/clientPorts.ts';
import { uploadKey } from '../../shared/batch/ids.ts';
import { requestLine, upload } from '../support/world.ts';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage, widthOf } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { startRunningConsole } from './support/runningConsole.ts';
import { HOSTILE, seedLetter, seedOperating } from './support/seedOperating.ts';

const queue = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function redrive(page: Page, name: string, action: string): Promise<void> {
  await queue(page, name).getByRole('button', { name: 'Redrive' }).click();
  await page.getByRole('dialog').getByRole('button', { name: action }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

describeInBrowser('the dead letters', () => {
  describe('of a handler', () => {
    let server: ConsoleServer;
    beforeAll(async () => {
      server = await startConsole({ seed: seedOperating });
    });
    afterAll(() => server?.stop());

    it.each(['light', 'dark'] as const)(
      'are shown by queue and reason, in %s',
      async (colorScheme) => {
        const { page, context, errors } = await openPage(server.consoleUrl, { colorScheme });
        await page.goto(`${server.url}/letters`);
        await queue(page, 'batch').getByText('3 dead letters').waitFor();
        const rows = queue(page, 'batch').locator('tbody tr');
        const first = await rows.first().innerText();
        expect(first).toContain(`2\tunknown_batch: there is no batch to cancel`);
        expect(first).toContain(HOSTILE);
        expect(first).toContain('nobody');
        expect(await rows.nth(1).innerText()).toContain('at most 9\nit was 12');
        await rows.first().getByText('2 messages').click();
        await rows.first().getByText('letter-2').waitFor();
        await queue(page, 'work').getByText('AccessDenied: s3:GetObject').waitFor();
        await queue(page, 'outcome').getByText('empty').waitFor();
        expect(await axeProblems(page)).toEqual([]);
        expect(errors).toEqual([]);
        await rows.first().getByRole('link', { name: 'tickets-2026-11-30' }).click();
        await page.waitForURL(/\/batches\/tickets-2026-11-30$/);
        await context.close();
      },
    );

    it('say what moving them back does, and stay where they are if that is not confirmed', async () => {
      const { page, context } = await openPage(server.consoleUrl);
      await page.goto(`${server.url}/letters`);
      await queue(page, 'batch').getByRole('button', { name: 'Redrive' }).click();
      const dialog = page.getByRole('dialog', { name: 'Redrive batch' });
      await dialog.getByText('a batch that is added costs what its requests cost').waitFor();
      await dialog.getByRole('button', { name: 'Leave it' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await server.client.connection.queues.countDeadLetters('batch')).toBe(3);
      await context.close();
    });

    it('can be read 400 pixels wide', async () => {
      const { page, context } = await openPage(server.consoleUrl, { width: 400 });
      await page.goto(`${server.url}/letters`);
      await queue(page, 'work').getByText('AccessDenied').waitFor();
      expect(await widthOf(page)).toBe(400);
      await context.close();
    });
  });

  it('of a handler that runs are carried out once they are moved back', async () => {
    const server = await startRunningConsole();
    const { runs } = server;
    await upload(runs.objects, uploadKey('b1'), ['a', 'b'].map(requestLine));
    const body = JSON.stringify({ batchId: 'b1' });
    await runs.queues.sendDeadLetter('batch', body, 'input_missing: there is no file', 'm1');
    const { page, context } = await openPage(server.consoleUrl);
    await page.goto(`${server.url}/letters`);
    await redrive(page, 'batch', 'Move 1 message back');
    await queue(page, 'batch').getByText('1 moved back').waitFor();
    await page.getByText('There are no dead letters.').waitFor();
    await expect.poll(async () => (await server.client.getBatch('b1'))?.status).toBe('completed');
    await context.close();
    await server.stop();
  });

  it('move on while nobody looks, one move of a queue at a time, and tell how it has failed', async () => {
    const steps: PromiseWithResolvers<MoveProgress>[] = [];
    let begun = 0;
    const step = () => {
      const next = Promise.withResolvers<MoveProgress>();
      steps.push(next);
      return next.promise;
    };
    const replaced = ({ connection }: DirectoryClient) => ({
      connection: {
        ...connection,
        queues: {
          ...connection.queues,
          async *redrive() {
            begun += 1;
            for (;;) {
              const progress = await step();
              yield progress;
              if (progress.status !== 'running') return;
            }
          },
        },
      },
    });
    const seed = (client: DirectoryClient) =>
      seedLetter(client, 'work', { reason: 'AccessDenied', messageId: 'letter-1' });
    const server = await startConsole({ seed, replaced });
    const first = await openPage(server.consoleUrl);
    await first.page.goto(`${server.url}/letters`);
    await redrive(first.page, 'work', 'Move 1 message back');
    await queue(first.page, 'work').getByText('it begins').waitFor();
    steps.at(-1)?.resolve({ status: 'running', moved: 1, toMove: 3 });
    await queue(first.page, 'work').getByText('1 of about 3 moved').waitFor();
    await first.context.close();

    const { page, context } = await openPage(server.consoleUrl);
    await page.goto(`${server.url}/letters`);
    await queue(page, 'work').getByText('1 of about 3 moved').waitFor();
    expect(await queue(page, 'work').getByRole('button', { name: 'Redrive' }).count()).toBe(0);
    await page.evaluate(() => fetch('/api/letters/work/redrive', { method: 'POST' }));
    steps.at(-1)?.resolve({ status: 'failed', moved: 1, toMove: 3, failure: 'AccessDenied' });
    await page
      .getByRole('alert')
      .filter({ hasText: 'failed (AccessDenied), 1 moved back' })
      .waitFor();
    expect(begun).toBe(1);
    await queue(page, 'work').getByRole('button', { name: 'Redrive' }).waitFor();
    await context.close();
    await server.stop();
  });

  it('are only shown in read-only mode', async () => {
    const server = await startConsole({ seed: seedOperating, isReadOnly: true });
    const { page, context } = await openPage(server.consoleUrl);
    await page.goto(`${server.url}/letters`);
    await queue(page, 'work').getByText('AccessDenied').waitFor();
    expect(await page.getByRole('button', { name: 'Redrive' }).count()).toBe(0);
    const status = await page.evaluate(
      async () => (await fetch('/api/letters/work/redrive', { method: 'POST' })).status,
    );
    expect(status).toBe(403);
    await context.close();
    await server.stop();
  });

  it('that cannot be read are the reason that the server gives', async () => {
    const replaced = ({ connection }: DirectoryClient) => ({
      connection: {
        ...connection,
        queues: {
          ...connection.queues,
          async deadLetters() {
            throw new Error('AWS refuses the credentials: sign in again');
          },
        },
      },
    });
    const server = await startConsole({ replaced });
    const { page, context } = await openPage(server.consoleUrl);
    await page.goto(`${server.url}/letters`);
    await page.getByRole('alert').filter({ hasText: 'sign in again' }).waitFor();
    await context.close();
    await server.stop();
  });
});
