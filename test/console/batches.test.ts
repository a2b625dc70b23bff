import { afterAll, beforeAll, expect, it } from 'vitest';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';

describeInBrowser('the table of batches', () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole();
  });
  afterAll(() => server?.stop());

  it('shows the batches, the newest first, and asks no other host', async () => {
    const { page, context, errors, foreign } = await openPage(server.consoleUrl);
    await page.getByRole('link', { name: 'Batches' }).click();
    await page.getByRole('link', { name: 'new-upload' }).waitFor();
    const ids = await page.locator('tbody td.at-batch a').allTextContents();
    expect(ids.slice(0, 2)).toEqual(['new-upload', 'reviews-claude']);
    expect(page.url()).toBe(`${server.url}/batches`);
    expect(await axeProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
    await context.close();
  });
});
