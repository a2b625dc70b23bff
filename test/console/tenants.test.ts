import type { Page } from 'playwright-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { DirectoryClient } from '../../inProcess/openDirectory.ts';
import { authenticateBy } from '../../shared/http/authenticate.ts';
import { listApiKeys } from '../../shared/operations/apiKeys.ts';
import { tenantStore } from '../../shared/stores/tenants.ts';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage, widthOf } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { HOSTILE, seedOperating } from './support/seedOperating.ts';

const tenants = (page: Page) => page.getByRole('region', { name: 'Tenants' });
const keys = (page: Page) => page.getByRole('region', { name: 'Keys', exact: true });

async function openTenants({ url, consoleUrl }: ConsoleServer, options = {}) {
  const opened = await openPage(consoleUrl, options);
  await opened.page.goto(`${url}/tenants`);
  return opened;
}

/** Whose key it is, as the HTTP API sees it. */
function callerOf({ client: { connection } }: ConsoleServer, key: string) {
  const log = () => {};
  const authenticate = authenticateBy({
    ...{ items: connection.items, clock: { now: Date.now } },
    log: { info: log, warn: log, error: log },
  });
  return authenticate(`Bearer ${key}`);
}

describeInBrowser('the tenants', () => {
  describe('of a handler', () => {
    let server: ConsoleServer;
    beforeEach(async () => {
      await server?.stop();
      server = await startConsole({ seed: seedOperating });
    });
    afterAll(() => server?.stop());

    it.each(['light', 'dark'] as const)(
      'are shown with what they have, in %s',
      async (colorScheme) => {
        const { page, context, errors } = await openTenants(server, { colorScheme });
        await tenants(page).waitFor();
        expect(await tenants(page).locator('tbody tr').allInnerTexts()).toEqual([
          'shop\t1\t6,000,000\t$0.00\t1\tSet',
          'support\t1\t0\t$0.00 of $20.00\n\t1\tChange',
        ]);
        const names = await keys(page).locator('tbody th').allInnerTexts();
        expect(names.toSorted()).toEqual([`${HOSTILE} of shop`, 'nightly-eval', 'support tickets']);
        const support = keys(page).getByRole('row', { name: 'support tickets' });
        expect(await support.innerText()).toMatch(/active\tnever\tin 89 d.*\topenai\t600/);
        expect(await axeProblems(page)).toEqual([]);
        expect(errors).toEqual([]);
        await tenants(page).getByRole('link', { name: 'shop' }).click();
        await page.waitForURL(/\/batches\?tenant=shop$/);
        await context.close();
      },
    );

    it('show the keys of one tenant, of none, and those that have ended', async () => {
      const { page, context } = await openTenants(server);
      await page.getByRole('combobox', { name: 'Tenant' }).selectOption('none');
      await expect
        .poll(() => keys(page).locator('tbody th').allInnerTexts())
        .toEqual(['nightly-eval']);
      await page.getByRole('combobox', { name: 'Tenant' }).selectOption('shop');
      await page.getByLabel('Revoked and expired (1)').check();
      await keys(page).getByRole('row', { name: 'lost laptop' }).getByText('revoked').waitFor();
      await context.close();
    });

    it('get a key that is shown once, works, and is nowhere else', async () => {
      const { page, context } = await openTenants(server);
      await page.getByRole('button', { name: 'Create a key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/^Name/).fill('search index');
      await dialog.getByLabel(/^Tenant/).fill('search');
      await dialog.getByLabel(/^Daily budget of search/).fill('12.5');
      await dialog.getByLabel('claude').check();
      await dialog.getByLabel(/^Requests a minute/).fill('30');
      await dialog.getByLabel(/^Expires/).fill('2099-12-31');
      expect(await axeProblems(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Create', exact: true }).click();
      await dialog.getByText('it is not shown again').waitFor();
      const key = await dialog.getByLabel('Key', { exact: true }).inputValue();
      expect(key).toMatch(/^bhk_\w+$/);
      expect(await callerOf(server, key)).toMatchObject({ tenant: 'search' });
      await dialog.getByRole('button', { name: 'I have stored it' }).click();
      await dialog.waitFor({ state: 'detached' });

      const row = keys(page).getByRole('row', { name: 'search index' });
      expect(await row.innerText()).toMatch(/search\tactive\tnever\tin .*\tclaude\t30/);
      expect(await tenants(page).getByRole('row', { name: 'search' }).innerText()).toContain(
        '$0.00 of $12.50',
      );
      expect(await page.content()).not.toContain(key);
      expect(server.logged.join('\n')).not.toContain('bhk_');
      const [stored] = await listApiKeys(server.client.connection, Date.now());
      expect(stored).toMatchObject({ name: 'search index', expiresAt: '2099-12-31T23:59:59.000Z' });
      await context.close();
    });

    it('are told what is wrong with a key, which is then not made', async () => {
      const { page, context } = await openTenants(server);
      await page.getByRole('button', { name: 'Create a key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/^Name/).fill('x');
      await dialog.getByLabel(/^Tenant/).fill('not a tenant');
      await dialog.getByRole('button', { name: 'Create', exact: true }).click();
      await dialog.getByRole('alert').filter({ hasText: '"not a tenant" is no tenant' }).waitFor();
      await context.close();
    });

    it('lose a key that is revoked, once that is confirmed', async () => {
      const { page, context } = await openTenants(server);
      const row = keys(page).getByRole('row', { name: 'nightly-eval' });
      await row.getByRole('button', { name: 'Revoke' }).click();
      const dialog = page.getByRole('dialog', { name: 'Revoke nightly-eval' });
      await dialog.getByText('cannot be undone').waitFor();
      await dialog.getByRole('button', { name: 'Revoke for good' }).click();
      await row.waitFor({ state: 'detached' });
      const stored = await listApiKeys(server.client.connection, Date.now());
      expect(stored.find(({ name }) => name === 'nightly-eval')?.state).toBe('revoked');
      await context.close();
    });

    it('get a daily budget, and lose it', async () => {
      const { page, context } = await openTenants(server);
      const budgetOf = async (tenant: string) =>
        (await tenantStore(server.client.connection.items).get(tenant)).dailyBudget;
      const row = (tenant: string) => tenants(page).getByRole('row', { name: tenant });
      await row('shop').getByRole('button').click();
      await page.getByLabel(/^US dollars a day/).fill('7.25');
      await page.getByRole('button', { name: 'Set the budget' }).click();
      await row('shop').getByText('$0.00 of $7.25').waitFor();
      expect(await budgetOf('shop')).toBe(7.25);

      await row('support').getByRole('button').click();
      await page.getByLabel(/^US dollars a day/).fill('');
      await page.getByRole('button', { name: 'Remove the limit' }).click();
      await row('support').getByRole('button', { name: 'Set' }).waitFor();
      expect(await budgetOf('support')).toBeUndefined();
      await context.close();
    });

    it('can be used 400 pixels wide', async () => {
      const { page, context } = await openTenants(server, { width: 400 });
      await keys(page).waitFor();
      expect(await widthOf(page)).toBe(400);
      await context.close();
    });
  });

  it('are only shown in read-only mode', async () => {
    const server = await startConsole({ seed: seedOperating, isReadOnly: true });
    const { page, context } = await openTenants(server);
    await keys(page).waitFor();
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    await context.close();
    await server.stop();
  });

  it('that cannot be read are the reason that the server gives', async () => {
    const replaced = ({ connection }: DirectoryClient) => ({
      async listPage() {
        throw new Error('AWS refuses the credentials: sign in again');
      },
      connection,
    });
    const server = await startConsole({ replaced });
    const { page, context } = await openTenants(server);
    await page.getByRole('alert').filter({ hasText: 'sign in again' }).waitFor();
    await context.close();
    await server.stop();
  });
});
