import type { Locator, Page } from 'playwright-core';
import { openPage } from './browser.ts';
import type { PageOptions } from './chromium.ts';
import type { ConsoleServer } from './consoleServer.ts';

/** The ids in the table, in their order. */
export function idsOn(page: Page): Promise<readonly string[]> {
  return page.locator('tbody td.at-batch a').allTextContents();
}

/** The line of a batch. */
export function lineOf(page: Page, batchId: string): Locator {
  const link = page.getByRole('link', { name: batchId, exact: true });
  return page.getByRole('row').filter({ has: link });
}

/** Opens the table with a filter in its address. */
export async function openBatches(server: ConsoleServer, query = '', options: PageOptions = {}) {
  const opened = await openPage(server.consoleUrl, options);
  await opened.page.goto(`${server.url}/batches${query}`);
  await opened.page.getByRole('heading', { name: 'Batches', level: 1 }).waitFor();
  return opened;
}
