import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, describe } from 'vitest';

/** Where Debian and others put it. `CHROMIUM` names another one. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const found = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => existsSync(path));
if (found === undefined)
  process.stdout.write(
    `skipped: the console needs Chromium, which is not at ${PLACES.join(', ')}: apt-get install chromium, or name it with CHROMIUM\n`,
  );

/** Tests that need a browser. Without one they are skipped, with the reason. */
export const describeInBrowser = describe.skipIf(found === undefined);

/** Longest that a test waits for something on the page, also on a busy machine. */
export const PATIENCE_MS = 120_000;

let launched: Promise<Browser> | undefined;

/** One browser for all tests of a worker. */
export function browser(): Promise<Browser> {
  launched ??= chromium.launch({
    executablePath: found as string,
    // Root, as in a container, may not use the sandbox. All pages are the project's own.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return launched;
}

afterAll(async () => {
  const open = launched;
  launched = undefined;
  await (await open)?.close();
});

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page has written to its console as an error, and its uncaught errors. */
  readonly errors: readonly string[];
  /** Requests to any host but the server's. */
  readonly foreign: readonly string[];
}

interface PageOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** Opens an address in a window of its own, which shares nothing with others. */
export async function openPage(
  url: string,
  { colorScheme = 'light', width = 1280, height = 900 }: PageOptions = {},
): Promise<OpenPage> {
  const context = await (await browser()).newContext({
    colorScheme,
    viewport: { width, height },
    timezoneId: 'UTC',
    locale: 'en-US',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  const foreign: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const { origin } = new URL(url);
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('blob:'))
      foreign.push(request.url());
  });
  await page.goto(url);
  return { page, context, errors, foreign };
}
