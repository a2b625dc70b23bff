import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage, widthOf } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { type RunningConsole, startRunningConsole } from './support/runningConsole.ts';
import { seedBatch } from './support/seed.ts';
import { changeState, HOSTILE, seedOperating } from './support/seedOperating.ts';

const needs = (page: Page) => page.getByRole('region', { name: 'Needs you' });
const card = (page: Page, provider: string) => page.getByRole('article', { name: provider });

describeInBrowser('Today', () => {
  describe('of a handler that needs somebody', () => {
    let server: ConsoleServer;
    beforeAll(async () => {
      server = await startConsole({ seed: seedOperating });
    });
    afterAll(() => server?.stop());

    it.each(['light', 'dark'] as const)('shows what to do about it, in %s', async (colorScheme) => {
      const { page, context, errors, foreign } = await openPage(server.consoleUrl, { colorScheme });
      await needs(page).getByText('no batch makes progress').waitFor();
      await needs(page)
        .getByText('3 messages in the dead-letter queue of batch: refused messages')
        .waitFor();
      await needs(page).getByText('credit balance is too low').waitFor();
      expect(await needs(page).getByRole('button').allInnerTexts()).toEqual([
        ...['Check again', 'Redrive', 'Redrive', 'Resume claude'],
      ]);
      await needs(page)
        .getByText(/^checked/)
        .waitFor();
      expect(await axeProblems(page)).toEqual([]);
      expect(errors).toEqual([]);
      expect(foreign).toEqual([]);
      await context.close();
    });

    it('shows each provider entry and the totals', async () => {
      const { page, context } = await openPage(server.consoleUrl);
      await card(page, 'openai').waitFor();
      const textOf = (provider: string) => card(page, provider).innerText();
      const openai = await textOf('openai');
      expect(openai).toContain('$46.50 of $50.00');
      expect(openai).toContain('5.8M of 9.5M tokens, learned');
      expect(openai).toContain('1 batch, 6M tokens, the oldest for 2 h');
      expect(openai).toMatch(/90 % within 1 h 58 min\n\d+ jobs in 7 days/);
      expect(await card(page, 'openai').getByRole('button').count()).toBe(0);
      expect(await textOf('claude')).toContain('blocked');
      expect(await textOf('gemini')).toContain(`incident at Google ${HOSTILE}`);
      expect(await page.title()).toBe('Batch Handler');
      await card(page, 'gemini').getByRole('button', { name: 'Resume gemini' }).waitFor();
      const totals = page.getByRole('region', { name: 'Batches' });
      await totals.getByText('Open', { exact: true }).waitFor();
      expect(await totals.getByRole('list').innerText()).toContain('queued 2');
      await totals.getByRole('link', { name: 'queued 2' }).click();
      await page.waitForURL(/\/batches\?status=queued/);
      await context.close();
    });

    it('leads to the reasons of dead letters, and to a batch that is overdue', async () => {
      const { page, context } = await openPage(server.consoleUrl);
      await needs(page).getByRole('link', { name: 'See the reasons' }).nth(1).click();
      await page.waitForURL(/\/letters#work$/);
      await expect.poll(() => page.evaluate('document.activeElement?.id')).toBe('queue-work');
      await page.goBack();
      await needs(page).getByRole('link', { name: 'Open stuck-import' }).click();
      await page.waitForURL(/\/batches\/stuck-import$/);
      await context.close();
    });

    it('can be used 400 pixels wide', async () => {
      const { page, context } = await openPage(server.consoleUrl, { width: 400 });
      await card(page, 'gemini').waitFor();
      await needs(page).getByText('credit balance is too low').waitFor();
      const width = await widthOf(page);
      expect(width).toBe(400);
      await context.close();
    });
  });

  describe('of a handler that runs', () => {
    let server: RunningConsole;
    beforeAll(async () => {
      server = await startRunningConsole();
    });
    afterAll(() => server?.stop());

    it('says that nothing needs anybody, and looks again when it is asked', async () => {
      const { page, context } = await openPage(server.consoleUrl);
      await needs(page).getByText('Nothing needs you.').waitFor();
      await server.runs.queues.sendDeadLetter('work', '{}', 'AccessDenied', 'm1');
      await changeState(server.client, 'openai', {
        hold: {
          ...{ kind: 'account', reason: { code: 'billing', message: 'Pay your bill.' } },
          ...{ since: Date.now(), until: Date.now() + 600_000, refusals: 1 },
        },
      });
      await page.getByRole('button', { name: 'Check again' }).click();
      await needs(page).getByText('openai is blocked').waitFor();

      await needs(page).getByRole('button', { name: 'Resume openai' }).click();
      const dialog = page.getByRole('dialog', { name: 'Resume openai' });
      await dialog.getByText('forgets the limits that it has learned').waitFor();
      await dialog.getByRole('button', { name: 'Resume' }).click();
      await dialog.waitFor({ state: 'detached' });
      await card(page, 'openai').getByText('ready').waitFor();
      await needs(page).getByText('openai is blocked').waitFor({ state: 'detached' });
      await context.close();
    });
  });

  it('offers nothing that changes something in read-only mode', async () => {
    const server = await startConsole({ seed: seedOperating, isReadOnly: true });
    const { page, context } = await openPage(server.consoleUrl);
    await needs(page).getByText('credit balance is too low').waitFor();
    await card(page, 'gemini').waitFor();
    expect(await page.getByRole('main').getByRole('button').allInnerTexts()).toEqual([
      'Check again',
    ]);
    await context.close();
    await server.stop();
  });

  it('does not say that what is not known costs nothing', async () => {
    const job = { id: 'batch_1', provider: 'gemini', attempt: 1, requests: 1, succeeded: 1 };
    const times = { submittedAt: Date.now() - 60_000, endedAt: Date.now() };
    const server = await startConsole({
      seed: async (client) =>
        void (await seedBatch(client, {
          ...{ batchId: 'unpriced', status: 'completed', age: 120_000 },
          changes: { cost: undefined, pastJobs: [{ ...job, ...times, end: 'completed' }] },
        })),
    });
    const { page, context } = await openPage(server.consoleUrl);
    await card(page, 'gemini')
      .getByText(/^at least \$0\.00/)
      .waitFor();
    await card(page, 'gemini').getByText('the cost of 1 batch is not known').waitFor();
    const totals = page.getByRole('region', { name: 'Batches' });
    await totals.getByText(/^at least \$0\.00$/).waitFor();
    expect(await card(page, 'openai').getByText('at least').count()).toBe(0);
    await context.close();
    await server.stop();
  });

  it('shows what the server says of credentials that have expired', async () => {
    const fail = async () => {
      throw new Error('AWS refuses the credentials: sign in again');
    };
    const server = await startConsole({ replaced: () => ({ providers: fail }) });
    const { page, context } = await openPage(server.consoleUrl);
    await page.getByRole('alert').filter({ hasText: 'sign in again' }).waitFor();
    expect(await page.getByText('Nothing needs you.').count()).toBe(0);
    await context.close();
    await server.stop();
  });
});
