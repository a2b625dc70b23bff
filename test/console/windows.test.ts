import type { BrowserContext, Page, Request } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openPage } from './support/browser.ts';
import { serveConsole, startConsole } from './support/consoleServer.ts';
import { seedBatch } from './support/seed.ts';

/** Counts the streams that windows open and that are open. */
function countStreams(context: BrowserContext): { opened: number; open: number } {
  const count = { opened: 0, open: 0 };
  const isStream = (request: Request): boolean => request.url().endsWith('/api/live');
  context.on('request', (request) => {
    if (!isStream(request)) return;
    count.opened += 1;
    count.open += 1;
  });
  for (const end of ['requestfinished', 'requestfailed'] as const)
    context.on(end as 'requestfinished', (request) => {
      if (isStream(request)) count.open -= 1;
    });
  return count;
}

/** What a browser does when another window is put before this one, or this one is seen again. */
function setSeen(page: Page, isSeen: boolean): Promise<void> {
  const state = isSeen ? 'visible' : 'hidden';
  return page.evaluate(
    `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
     document.dispatchEvent(new Event('visibilitychange'));`,
  );
}

describeInBrowser('several windows of the console', () => {
  it('are more than a browser opens connections, and all show what happens', async () => {
    const server = await startConsole();
    const { page, context } = await openPage(server.consoleUrl);
    await page.getByRole('heading', { name: 'Today' }).waitFor();
    const pages = [page];
    for (let opened = 1; opened < 9; opened++) {
      const another = await context.newPage();
      await another.goto(`${server.url}/batches`);
      await another.getByText(/^\d+ batches/).waitFor();
      pages.push(another);
    }
    await seedBatch(server.client, { batchId: 'news', status: 'queued', age: 0 });
    for (const each of pages.slice(1)) await each.getByRole('link', { name: 'news' }).waitFor();
    // Whichever of them has read the stream: another one takes its place.
    for (const each of pages.slice(0, 7)) await each.close();
    await seedBatch(server.client, { batchId: 'more-news', status: 'queued', age: 0 });
    for (const each of pages.slice(7))
      await each.getByRole('link', { name: 'more-news' }).waitFor();
    await context.close();
    await server.stop();
  });

  it('ask for nothing while none of them can be seen', async () => {
    const server = await startConsole();
    const { page, context } = await openPage('about:blank');
    const streams = countStreams(context);
    await page.goto(server.consoleUrl);
    const another = await context.newPage();
    await another.goto(`${server.url}/batches`);
    await another.getByText(/^\d+ batches/).waitFor();
    await expect.poll(() => streams.open).toBe(1);
    await setSeen(page, false);
    await setSeen(another, false);
    await expect.poll(() => streams.open).toBe(0);
    await seedBatch(server.client, { batchId: 'news', status: 'queued', age: 0 });
    const { opened } = streams;
    await setSeen(another, true);
    await another.getByRole('link', { name: 'news' }).waitFor();
    expect(streams).toEqual({ opened: opened + 1, open: 1 });
    await context.close();
    await server.stop();
  });

  it('become those of another handler that is served on the same port', async () => {
    const first = await startConsole();
    const second = await startConsole();
    const { page, context } = await openPage(first.consoleUrl);
    await page.getByText(first.client.handler.name, { exact: true }).waitFor();
    await first.stopServer();
    await page.getByText(/does not answer: what is shown may be old/).waitFor();
    const port = Number(new URL(first.url).port);
    const served = await serveConsole(second.client, { port, token: 'another-token' });
    const another = await context.newPage();
    await another.goto(served.consoleUrl);
    await another.getByText(second.client.handler.name, { exact: true }).waitFor();
    await page.getByText(second.client.handler.name, { exact: true }).waitFor();
    await page
      .getByText(/does not answer: what is shown may be old/)
      .waitFor({ state: 'detached' });
    await context.close();
    await served.stopServer();
    await first.stop();
    await second.stop();
  });
});

describeInBrowser('a screen that cannot be shown', () => {
  it('leaves the rest of the page, and the other screens', async () => {
    const server = await startConsole();
    const { page, context } = await openPage(server.consoleUrl);
    await page.getByRole('heading', { name: 'Today' }).waitFor();
    await page.route('**/assets/**', (route) => route.abort());
    await page.getByRole('link', { name: 'Dead letters', exact: true }).click();
    await page.getByText(/This screen cannot be shown/).waitFor();
    await page.getByRole('link', { name: 'Today' }).click();
    await page.getByRole('heading', { name: 'Today' }).waitFor();
    await page.unroute('**/assets/**');
    await page.getByRole('link', { name: 'Dead letters', exact: true }).click();
    await page.getByRole('button', { name: 'Reload the page' }).click();
    await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
    await context.close();
    await server.stop();
  });

  it('is none for an address that nobody can decode', async () => {
    const server = await startConsole();
    const { page, context, errors } = await openPage(server.consoleUrl);
    for (const address of ['/batches/%zz', '/batches/%25zz', '/batches/%E0%A4%A']) {
      await page.goto(server.url + address);
      await page.getByText('there is no batch with such an id').waitFor();
    }
    expect(errors.filter((text) => text.includes('URI'))).toEqual([]);
    await context.close();
    await server.stop();
  });
});
