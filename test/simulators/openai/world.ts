import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { toFile } from 'openai';
import { onTestFinished } from 'vitest';
import { type OpenAiOptionsInput, startOpenAiSimulator } from '../../../simulators/openai/index.ts';

export const JOB_SECONDS = 100;

/** A simulator whose clock only the test moves, and a client of the official SDK. */
export async function world(options: Partial<OpenAiOptionsInput> = {}) {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'openai-simulator-')));
  let now = Date.UTC(2026, 0, 1);
  const start = () =>
    startOpenAiSimulator({ jobSeconds: JOB_SECONDS, ...options, dataDir }, () => now);
  let simulator = await start();
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const clientWith = (apiKey: string) =>
    new OpenAI({ apiKey, baseURL: simulator.url, maxRetries: 0 });
  let client = clientWith('sk-test');

  const upload = async (lines: readonly unknown[], name = 'input.jsonl') =>
    client.files.create({
      file: await toFile(Buffer.from(jsonl(lines)), name),
      purpose: 'batch',
    });
  const createFrom = (fileId: string, metadata?: Record<string, string>) =>
    client.batches.create({
      input_file_id: fileId,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      ...(metadata ? { metadata } : {}),
    });
  /** The job after this share of its seconds and all work that is due by then. */
  const after = async (id: string, share: number) => {
    now += share * JOB_SECONDS * 1000;
    await simulator.finishDueWork();
    return client.batches.retrieve(id);
  };
  return {
    dataDir,
    upload,
    createFrom,
    after,
    clientWith,
    get client() {
      return client;
    },
    get simulator() {
      return simulator;
    },
    advanceSeconds: (seconds: number) => {
      now += seconds * 1000;
    },
    /** A job with these requests, after its input has been checked. */
    job: async (lines: readonly unknown[], metadata?: Record<string, string>) => {
      const file = await upload(lines);
      const batch = await createFrom(file.id, metadata);
      await simulator.finishDueWork();
      return batch;
    },
    /** The job after its end. It takes two steps, because work that is due is done after each. */
    end: async (id: string) => {
      await after(id, 1);
      return after(id, 1);
    },
    rows: async (fileId: string | undefined) => {
      if (fileId === undefined) return [];
      const text = await (await client.files.content(fileId)).text();
      return text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []));
    },
    restart: async () => {
      await simulator.close();
      simulator = await start();
      client = clientWith('sk-test');
    },
  };
}

export function chatRequest(customId: string, body: Record<string, unknown> = {}) {
  return {
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: customId }], ...body },
  };
}

export function chatRequests(count: number) {
  return Array.from({ length: count }, (_, index) => chatRequest(`request-${index + 1}`));
}

/** Strings are used as lines unchanged. */
function jsonl(lines: readonly unknown[]): string {
  return lines
    .map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
    .join('');
}
