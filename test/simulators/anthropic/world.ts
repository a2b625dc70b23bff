import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { onTestFinished } from 'vitest';
import {
  type AnthropicOptionsInput,
  startAnthropicSimulator,
} from '../../../simulators/anthropic/index.ts';

const JOB_SECONDS = 100;
export const START = Date.UTC(2026, 0, 1);

/** A simulator whose clock only the test moves, and a client of the official SDK. */
export async function world(options: Partial<AnthropicOptionsInput> = {}) {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'anthropic-simulator-')));
  let now = START;
  const start = () =>
    startAnthropicSimulator({ jobSeconds: JOB_SECONDS, ...options, dataDir }, () => now);
  let simulator = await start();
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const clientWith = (apiKey: string) =>
    new Anthropic({ apiKey, baseURL: simulator.url, maxRetries: 0 });
  let client = clientWith('sk-ant-test');
  /** Moves the clock by this share of a job's seconds, and does all work that is due by then. */
  const pass = async (share: number) => {
    now += share * JOB_SECONDS * 1000;
    await simulator.finishDueWork();
  };
  /** The job after this share of its seconds and all work that is due by then. */
  const after = async (id: string, share: number) => {
    await pass(share);
    return client.messages.batches.retrieve(id);
  };
  return {
    pass,
    after,
    clientWith,
    get batches() {
      return client.messages.batches;
    },
    get simulator() {
      return simulator;
    },
    create: (requests: readonly object[]) =>
      // The types refuse what the API refuses.
      client.messages.batches.create({ requests: requests as never }),
    /** The job after its end. It takes two steps, because work that is due is done after each. */
    end: async (id: string) => {
      await after(id, 1);
      return after(id, 1);
    },
    results: async (id: string) => {
      const rows = [];
      for await (const row of await client.messages.batches.results(id)) rows.push(row);
      return rows;
    },
    restart: async () => {
      await simulator.close();
      simulator = await start();
      client = clientWith('sk-ant-test');
    },
  };
}

export function request(customId: string, params: object = {}) {
  const messages = [{ role: 'user', content: customId }];
  return {
    custom_id: customId,
    params: { model: 'claude-haiku-4-5', max_tokens: 9, messages, ...params },
  };
}

export function requests(count: number, prefix = 'request-') {
  return Array.from({ length: count }, (_, index) => request(`${prefix}${index + 1}`));
}
