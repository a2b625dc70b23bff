import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliRun } from '../support/cliRun.ts';
import { axeProblems } from './support/axe.ts';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { seedLives } from './support/seedLives.ts';

let server: ConsoleServer;
let folder: string;
beforeAll(async () => {
  server = await startConsole({ seed: seedLives });
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const show = (...words: readonly string[]) =>
  cliRun(['show', ...words, '--directory', server.client.handler.name]);

describe('show --html', () => {
  it('writes the facts of the batch, and no prompt and no answer', async () => {
    const { code, stdout } = await show('tickets', '--html');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    for (const text of [
      'content_policy',
      'ticket-7',
      'Job of attempt 1: expired (batch_expired)',
      'input.jsonl',
    ])
      expect(stdout).toContain(text);
    expect(stdout).not.toMatch(/Classify ticket|billing|<script|https?:/);
  });

  it('writes rows beside their requests if they are asked for, and says how many at most', async () => {
    const { stdout } = await show('tickets', '--html', '--rows');
    expect(stdout).toContain('first 1,000 requests that failed and the first 100 that succeeded');
    const [failed = '', succeeded = ''] = stdout.split('<h3>Requests that succeeded</h3>');
    expect(failed.split('<details>')).toHaveLength(5);
    expect(succeeded.split('<details>')).toHaveLength(37);
    expect(failed).toContain('<summary>ticket-7: 400 content_policy</summary>');
    expect(failed).toContain('Classify ticket 7.');
    expect(succeeded).toContain('billing');
    expect((await show('refused', '--html', '--rows')).stdout).toContain('There are none.');
  });

  it('cannot be together with --json, and --rows needs it', async () => {
    expect(await show('tickets', '--html', '--json')).toMatchObject({ code: 2, stdout: '' });
    expect(await show('tickets', '--rows')).toMatchObject({ code: 2, stdout: '' });
    expect(await show('nobody', '--html')).toMatchObject({ code: 2, stdout: '' });
  });
});

describeInBrowser('the file that show --html writes', () => {
  it.each([
    ['runs', 'light', 1280],
    ['tickets', 'dark', 1280],
    ['big', 'light', 1280],
    ['refused', 'light', 400],
    ['hostile', 'dark', 400],
  ] as const)('of %s opens by itself: %s, at %i pixels', async (batchId, colorScheme, width) => {
    const { stdout } = await show(batchId, '--html', '--rows');
    const path = join(folder, `${batchId}.html`);
    writeFileSync(path, stdout);
    const url = pathToFileURL(path).href;
    const { page, context, errors, foreign } = await openPage(url, { colorScheme, width });
    await page.getByRole('heading', { level: 1, name: batchId }).waitFor();
    await page.getByRole('img').first().waitFor();
    expect(await axeProblems(page)).toEqual([]);
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    expect(await page.locator('script, img').count()).toBe(0);
    const needed = await page.evaluate('document.documentElement.scrollWidth');
    expect(needed).toBeLessThanOrEqual(width);
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/report-${batchId}.png`, fullPage: true });
    expect(errors).toEqual([]);
    expect(foreign.filter((asked) => asked !== url)).toEqual([]);
    await context.close();
  });
});
