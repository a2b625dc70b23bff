import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createApiKey } from '../../shared/operations/apiKeys.ts';
import { launchChromium, newWindow } from './support/chromium.ts';
import { startConsole } from './support/consoleServer.ts';
import { seedHandler } from './support/seed.ts';
import { changeState, seedLetter } from './support/seedOperating.ts';

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

const MINUTE = 60_000;

mkdirSync(DIRECTORY, { recursive: true });
const server = await startConsole({
  async seed(client) {
    await seedHandler(client);
    const now = Date.now();
    const message =
      'Enqueued token limit reached for gpt-5-mini in organization org-example. Limit: 6,000,000 enqueued tokens.';
    const cooldown = {
      reason: { code: 'token_limit_exceeded', message },
      ...{ since: now - 2 * MINUTE, until: now + 8 * MINUTE, refusals: 1, tokens: 6_000_000 },
    };
    const learned = { tokens: 6_000_000, refusedAt: now - 2 * MINUTE, steadySince: now };
    await changeState(client, 'openai', {
      spent: { day: Math.floor(now / (24 * 60 * MINUTE)), amount: 18.4 },
      ceilings: {
        'gpt-5-mini': { ...learned, cooldown, accepted: 2, probeAfter: 16, probed: false },
      },
    });
    for (const number of [1, 2, 3])
      await seedLetter(client, 'batch', {
        ...{ batchId: `report-${number}`, messageId: `message-${number}` },
        reason: 'file: s3://company-files/report.jsonl does not exist',
      });
    const key = { name: 'ticket service', tenant: 'support', requestsPerMinute: 600 };
    await createApiKey(client.connection, { ...key, dailyBudget: 40 }, now);
    await createApiKey(client.connection, { name: 'shop', tenant: 'shop', dailyBudget: 25 }, now);
    await createApiKey(client.connection, { name: 'evaluations' }, now);
  },
  replaced({ connection }) {
    const handler = { ...connection.handler, name: 'BatchHandler' };
    const run = connection.process && {
      process: { ...connection.process, running: async () => [process.pid] },
    };
    return { handler, connection: { ...connection, ...run, handler } };
  },
});
const REQUESTS = [...Array(1_200).keys()]
  .map((index) => ({
    custom_id: `ticket-${index + 1}`,
    ...{ method: 'POST', url: '/v1/chat/completions' },
    body: {
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: `Classify the support ticket number ${index + 1}.` }],
      max_completion_tokens: 200,
    },
  }))
  .map((request) => `${JSON.stringify(request)}\n`)
  .join('');

const browser = await launchChromium();
for (const { suffix, options } of VARIANTS)
  for (const { name, path } of SCREENS) {
    const { page, context } = await newWindow(browser, server.url, options);
    await page.goto(server.consoleUrl);
    await page.goto(server.url + path);
    await page.locator('h1').waitFor();
    if (name === 'add' && suffix === '')
      await page.locator('input[type=file]').setInputFiles({
        ...{ name: 'tickets.jsonl', mimeType: 'application/jsonl' },
        buffer: Buffer.from(REQUESTS),
      });
    // Charts are drawn by then; no test waits so.
    await page.waitForTimeout(3_000);
    await page.screenshot({ path: join(DIRECTORY, `${name}${suffix}.png`) });
    process.stdout.write(`${name}${suffix}.png\n`);
    await context.close();
  }
await browser.close();
await server.stop();
