import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where Debian and others put it. `CHROMIUM` names another one. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined if there is none. */
export const CHROMIUM_PATH = [process.env.CHROMIUM ?? '', ...PLACES].find((path) =>
  existsSync(path),
);

export const NO_CHROMIUM = `the console needs Chromium, which is not at ${PLACES.join(', ')}: apt-get install chromium, or name it with CHROMIUM`;

/** Longest that anything on a page is waited for, also on a busy machine. */
const PATIENCE_MS = 120_000;

export function launchChromium(): Promise<Browser> {
  if (CHROMIUM_PATH === undefined) throw new Error(NO_CHROMIUM);
  return chromium.launch({
    executablePath: CHROMIUM_PATH,
    // Root, as in a container, may not use the sandbox. All pages are the project's own.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

export interface PageOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page has written to its console as an error, and its uncaught errors. */
  readonly errors: readonly string[];
  /** Requests to any host but the server's. */
  readonly foreign: readonly string[];
}

/** A window of its own, which shares nothing with others. It shows nothing yet. */
export async function newWindow(
  browser: Browser,
  url: string,
  { colorScheme = 'light', width = 1280, height = 900 }: PageOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
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
  return { page, context, errors, foreign };
}
