import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium, newWindow } from './support/chromium.ts';
import { startConsole } from './support/consoleServer.ts';

/** Makes the pictures of docs/console.md: each screen light, dark and narrow. */

const DIRECTORY = join(import.meta.dirname, '..', '..', 'docs', 'console');

const SCREENS = [
  { name: 'today', path: '/' },
  { name: 'batches', path: '/batches' },
  { name: 'batch', path: '/batches/tickets-2026-11-30' },
  { name: 'waiting', path: '/batches/catalog-translations' },
  { name: 'add', path: '/add' },
  { name: 'money', path: '/money' },
  { name: 'turnaround', path: '/turnaround' },
  { name: 'letters', path: '/letters' },
  { name: 'providers', path: '/providers' },
  { name: 'tenants', path: '/tenants' },
] as const;

const VARIANTS = [
  { suffix: '', options: { colorScheme: 'light', width: 1280, height: 800 } },
  { suffix: '-dark', options: { colorScheme: 'dark', width: 1280, height: 800 } },
  { suffix: '-narrow', options: { colorScheme: 'light', width: 400, height: 800 } },
] as const;

mkdirSync(DIRECTORY, { recursive: true });
const server = await startConsole();
const browser = await launchChromium();
for (const { suffix, options } of VARIANTS)
  for (const { name, path } of SCREENS) {
    const { page, context } = await newWindow(browser, server.url, options);
    await page.goto(server.consoleUrl);
    await page.goto(server.url + path);
    await page.locator('h1').waitFor();
    // Charts are drawn by then; no test waits so.
    await page.waitForTimeout(2_000);
    await page.screenshot({ path: join(DIRECTORY, `${name}${suffix}.png`) });
    process.stdout.write(`${name}${suffix}.png\n`);
    await context.close();
  }
await browser.close();
await server.stop();
