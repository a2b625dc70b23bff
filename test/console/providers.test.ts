import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretsManagerClient } from '../../shared/aws/clients/secretsManager.ts';
import { createClient, localStack } from '../../shared/client/index.ts';
import { startHandlerRun } from '../support/handlerRun.ts';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage, widthOf } from './support/browser.ts';
import { type ConsoleServer, serveConsole, startConsole } from './support/consoleServer.ts';
import { startRunningConsole } from './support/runningConsole.ts';
import { HOSTILE, seedOperating } from './support/seedOperating.ts';

const entry = (page: Page, provider: string) =>
  page.getByRole('region', { name: provider, exact: true });

async function openProviders(
  { url, consoleUrl }: Pick<ConsoleServer, 'url' | 'consoleUrl'>,
  options = {},
) {
  const opened = await openPage(consoleUrl, options);
  await opened.page.goto(`${url}/providers`);
  return opened;
}

describeInBrowser('the provider entries', () => {
  describe('of a handler that nothing runs', () => {
    let server: ConsoleServer;
    beforeAll(async () => {
      server = await startConsole({ seed: seedOperating });
    });
    afterAll(() => server?.stop());

    it.each(['light', 'dark'] as const)(
      'are shown with all about them, in %s',
      async (colorScheme) => {
        const { page, context, errors } = await openProviders(server, { colorScheme });
        await entry(page, 'openai').waitFor();
        const openai = await entry(page, 'openai').innerText();
        expect(openai).toContain('1 running, 0 pending of 1,000');
        expect(openai).toContain('$46.50 of $50.00, renewed in');
        expect(openai).toContain('Requests in a job\n50,000');
        const model = await entry(page, 'openai').locator('tbody tr').innerText();
        expect(model).toContain('about 9,500,000 enqueued tokens');
        expect(model).toContain(`Enqueued token limit. ${HOSTILE}`);
        expect(await entry(page, 'claude').innerText()).toMatch(/blocked\s+anthropic/);
        expect(await entry(page, 'claude').innerText()).toContain('credit balance is too low');
        expect(await entry(page, 'gemini').innerText()).toContain(`incident at Google ${HOSTILE}`);
        expect(await entry(page, 'openai').innerText()).toContain('gives openai its key');
        expect(await axeProblems(page)).toEqual([]);
        expect(errors).toEqual([]);
        await context.close();
      },
    );

    it('can be used 400 pixels wide', async () => {
      const { page, context } = await openProviders(server, { width: 400 });
      await entry(page, 'gemini').waitFor();
      expect(await widthOf(page)).toBe(400);
      await context.close();
    });

    it('cannot be resumed, and the window says why', async () => {
      const { page, context } = await openProviders(server);
      await entry(page, 'claude').getByRole('button', { name: 'Resume claude' }).click();
      const dialog = page.getByRole('dialog', { name: 'Resume claude' });
      await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
      await dialog.getByRole('alert').filter({ hasText: 'nothing carries it out' }).waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await context.close();
    });
  });

  it('of a handler that runs are paused with a reason, and resumed', async () => {
    const server = await startRunningConsole();
    const { page, context } = await openProviders(server);
    await entry(page, 'openai').getByRole('button', { name: 'Pause openai' }).click();
    const dialog = page.getByRole('dialog', { name: 'Pause openai' });
    await dialog.getByLabel(/^Reason/).fill('incident <b>at</b> OpenAI');
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await dialog.getByText('Waiting until the handler has carried it out').waitFor();
    await dialog.waitFor({ state: 'detached' });
    await entry(page, 'openai').getByText('incident <b>at</b> OpenAI').waitFor();
    expect(await entry(page, 'openai').getByRole('button').allInnerTexts()).toEqual([
      'Resume openai',
    ]);
    expect((await server.client.providers())[0]?.state).toBe('paused');

    await entry(page, 'openai').getByRole('button', { name: 'Resume openai' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume', exact: true }).click();
    await entry(page, 'openai').getByText('ready').waitFor();
    expect((await server.client.providers())[0]?.state).toBe('ready');
    await context.close();
    await server.stop();
  });

  it('are only shown in read-only mode', async () => {
    const server = await startConsole({ seed: seedOperating, isReadOnly: true });
    const { page, context } = await openProviders(server);
    await entry(page, 'gemini').waitFor();
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    await context.close();
    await server.stop();
  });

  it('that cannot be read are the reason that the server gives', async () => {
    const fail = async () => {
      throw new Error('AWS refuses the credentials: sign in again');
    };
    const server = await startConsole({ replaced: () => ({ providers: fail }) });
    const { page, context } = await openProviders(server);
    await page.getByRole('alert').filter({ hasText: 'sign in again' }).waitFor();
    await context.close();
    await server.stop();
  });

  it('of a handler in AWS get a new key, which nothing shows or logs', async () => {
    const run = await startHandlerRun();
    const client = await createClient(await localStack(run.dataDirectory));
    const server = await serveConsole(client);
    const { page, context } = await openProviders(server);
    const store = async (key: string) => {
      await entry(page, 'openai').getByRole('button', { name: 'New key for openai' }).click();
      const field = page.getByRole('dialog').getByLabel(/^Key/);
      expect(await field.getAttribute('type')).toBe('password');
      await field.fill(key);
      await page.getByRole('button', { name: 'Store the key' }).click();
    };
    await store('sk-with a space');
    await page.getByRole('alert').filter({ hasText: 'nothing was stored' }).waitFor();
    expect(await page.getByLabel(/^Key/).inputValue()).toBe('');
    await page.getByRole('button', { name: 'Leave it' }).click();

    await store('sk-new-from-the-console');
    await page.getByText('The key is stored, and openai is resumed').waitFor();
    expect(await page.content()).not.toContain('sk-new');
    const { openai: SecretId } = client.connection.aws?.secrets ?? {};
    const secrets = secretsManagerClient(client.connection.aws?.access);
    const stored = await secrets.send(new GetSecretValueCommand({ SecretId }));
    expect(stored.SecretString).toBe('sk-new-from-the-console');
    await page.getByRole('button', { name: 'Close' }).click();

    await client.pauseProvider('openai');
    await store('sk-newer');
    await page.getByText('openai stays paused until you resume it').waitFor();
    expect(server.logged.join('\n')).not.toContain('sk-');
    await context.close();
    await server.stopServer();
    await run.stop();
  });
});
