import type { Browser, Page } from 'playwright-core';
import { afterAll, describe } from 'vitest';
import {
  CHROMIUM_PATH,
  launchChromium,
  NO_CHROMIUM,
  newWindow,
  type OpenPage,
  type PageOptions,
} from './chromium.ts';

if (CHROMIUM_PATH === undefined) process.stdout.write(`skipped: ${NO_CHROMIUM}\n`);

/** Tests that need a browser. Without one they are skipped, with the reason. */
export const describeInBrowser = describe.skipIf(CHROMIUM_PATH === undefined);

let launched: Promise<Browser> | undefined;

/** One browser for all tests of a worker. */
function browser(): Promise<Browser> {
  launched ??= launchChromium();
  return launched;
}

afterAll(async () => {
  const open = launched;
  launched = undefined;
  await (await open)?.close();
});

/** Opens an address in a window of its own, which shares nothing with others. */
export async function openPage(url: string, options: PageOptions = {}): Promise<OpenPage> {
  const opened = await newWindow(await browser(), url, options);
  await opened.page.goto(url);
  return opened;
}

/** How wide the whole page is, in pixels: wider than its window, if something is cut off there. */
export function widthOf(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth');
}
