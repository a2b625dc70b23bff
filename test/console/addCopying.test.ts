import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInBrowser, openPage } from './support/browser.ts';
import { type ConsoleServer, startConsole } from './support/consoleServer.ts';
import { writeRequests } from './support/requestFiles.ts';

const BYTES = 20_000_000;
/** What the server takes at once. */
const PIECE = 8 * 1024 * 1024;

describeInBrowser('a file that is copied to the server of the console', () => {
  let server: ConsoleServer;
  let directory: string;
  let file: string;

  beforeAll(async () => {
    server = await startConsole({ seed: async () => {} });
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'add-copying-'));
    file = join(directory, 'large.jsonl');
    writeRequests(file, BYTES);
    utimesSync(file, 1_000_000, 1_000_000);
  });
  afterEach(async () => {
    rmSync(directory, { recursive: true, force: true });
    const { page, context } = await openAdd();
    const discard = page.getByRole('button', { name: /^Discard/ });
    await page
      .getByText(/No file is here yet|Discard/)
      .first()
      .waitFor();
    for (let left = await discard.count(); left > 0; left--) {
      await discard.first().click();
      await expect.poll(() => discard.count()).toBe(left - 1);
    }
    await context.close();
  });

  async function openAdd(url = server.consoleUrl) {
    const opened = await openPage(url);
    await opened.page.getByRole('link', { name: 'Add' }).click();
    return opened;
  }

  /** Keeps every piece but the first from the server. */
  async function holdPieces(page: Page): Promise<{ held: Promise<Route>; offsets: string[] }> {
    const held = Promise.withResolvers<Route>();
    const offsets: string[] = [];
    await page.route('**/api/uploads/*?offset=*', (route) => {
      const offset = new URL(route.request().url()).searchParams.get('offset') ?? '';
      offsets.push(offset);
      if (offset === '0') return route.continue();
      held.resolve(route);
    });
    return { held: held.promise, offsets };
  }

  async function cutByReload(page: Page): Promise<void> {
    const { held } = await holdPieces(page);
    await page.getByLabel('Choose files').setInputFiles(file);
    await held;
    await page.reload();
    await page.unrouteAll();
    await page.getByText('The copying of large.jsonl was cut at 41 %').waitFor();
  }

  it('goes on after a reload where it was cut, once it is chosen again', async () => {
    const { page, context } = await openAdd();
    await cutByReload(page);
    const offsets: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT')
        offsets.push(new URL(request.url()).searchParams.get('offset') ?? '');
    });
    await page.getByLabel('Choose large.jsonl again to go on at 41 %').setInputFiles(file);
    await page.getByRole('row', { name: /openai.*yes/ }).waitFor();
    expect(offsets).toEqual([String(PIECE), String(2 * PIECE)]);
    await context.close();
  });

  it('is copied anew if its content is another', async () => {
    const { page, context } = await openAdd();
    await cutByReload(page);
    writeRequests(file, BYTES, 'other');
    utimesSync(file, 1_000_000, 1_000_000);
    await page.getByLabel('Choose large.jsonl again').setInputFiles(file);
    await page.getByText('has another content: it was copied anew').waitFor();
    await page.getByRole('row', { name: /openai.*yes/ }).waitFor();
    expect(await page.getByRole('region', { name: 'large.jsonl' }).count()).toBe(1);
    await context.close();
  });

  it('is another file if its size is another', async () => {
    const { page, context } = await openAdd();
    await cutByReload(page);
    writeRequests(file, 3_000_000);
    utimesSync(file, 1_000_000, 1_000_000);
    await page.getByLabel('Choose large.jsonl again').setInputFiles(file);
    await page.getByText('because another size is its own').waitFor();
    await expect.poll(() => page.getByRole('region', { name: 'large.jsonl' }).count()).toBe(2);
    await page.getByText('The copying of large.jsonl was cut at 41 %').waitFor();
    await context.close();
  });

  it('says that it has changed while it was copied', async () => {
    const { page, context } = await openAdd();
    const { held } = await holdPieces(page);
    await page.getByLabel('Choose files').setInputFiles(file);
    const route = await held;
    appendFileSync(file, 'more');
    await route.continue();
    await page.getByText('large.jsonl has changed since it was chosen').waitFor();
    await context.close();
  });

  it('is copied by one window, and another one sees it', async () => {
    const { page, context } = await openAdd();
    const { held } = await holdPieces(page);
    await page.getByLabel('Choose files').setInputFiles(file);
    await held;
    const other = await context.newPage();
    await other.goto(`${server.url}/add`);
    await other.getByText('Another window copies it: 41 %').waitFor();
    await other.getByLabel('Choose files').setInputFiles(file);
    await other.getByText('Another window of this browser copies it.').waitFor();
    await page.close();
    await other.getByRole('button', { name: 'Go on at 41 %', exact: true }).click();
    await other.getByRole('row', { name: /openai.*yes/ }).waitFor();
    await context.close();
  });

  it('keeps what is there when the disk is full, and goes on by a button', async () => {
    const { page, context } = await openAdd();
    const { held } = await holdPieces(page);
    await page.getByLabel('Choose files').setInputFiles(file);
    const error = { code: 'not_possible', message: 'the disk is full: make room in /tmp' };
    await (await held).fulfill({ status: 409, json: { error } });
    await page.getByText('the disk is full: make room in /tmp').waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Go on at 41 %', exact: true }).click();
    await page.getByRole('row', { name: /openai.*yes/ }).waitFor();
    await context.close();
  });

  it('is begun anew at a server that was started again', async () => {
    const first = await startConsole({ seed: async () => {} });
    const { page, context } = await openAdd(first.consoleUrl);
    const { held } = await holdPieces(page);
    await page.getByLabel('Choose files').setInputFiles(file);
    await held;
    await first.stop();
    // What is held goes to the server, which is gone.
    await page.unrouteAll();
    const region = page.getByRole('region', { name: 'large.jsonl' });
    await region.getByText('The server of this page does not answer. Start it again').waitFor();
    const second = await startConsole({ seed: async () => {} });
    await page.goto(second.consoleUrl);
    await page.getByRole('link', { name: 'Add' }).click();
    await page.getByText('No file is here yet.').waitFor();
    await page.getByLabel('Choose files').setInputFiles(file);
    await page.getByRole('row', { name: /openai.*yes/ }).waitFor();
    await context.close();
    await second.stop();
  });

  it('says that a file is here already', async () => {
    const { page, context } = await openAdd();
    writeFileSync(file, 'not JSON');
    await page.getByLabel('Choose files').setInputFiles(file);
    await page.getByText('large.jsonl: not JSONL').waitFor();
    await page.getByLabel('Choose files').setInputFiles(file);
    await page.getByText('This file is here already: nothing was copied.').waitFor();
    await context.close();
  });
});
