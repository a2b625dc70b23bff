import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { JobState, Outcome } from '../../../shared/batch/job.ts';
import { BILLED_ROW_ID } from '../../../shared/batch/ledger.ts';
import type {
  JobContext,
  ListingPosition,
  Provider,
  RowGroups,
  Submission,
} from '../../../shared/providers/provider.ts';
import { flat } from '../../support/streams.ts';
import type { Harness } from './harness.ts';
import { scratchFileOf } from './scratchFile.ts';

export const KEY = 'bhabcdefghij012345-1';
const ENDS_WITHIN_MS = 240_000;

/** The fields of a row that the contract reads. */
export interface Row {
  readonly custom_id: string;
  readonly response: { readonly status_code: number } | null;
  readonly error: { readonly code: string } | null;
}

/** The context of a job that was submitted here. */
export function jobContext({ endpoint, model }: Pick<Harness, 'endpoint' | 'model'>): JobContext {
  return { key: KEY, batchId: 'a-batch', endpoint, model, format: 'openai', options: {} };
}

/** The references of these ids in the provider's rows. */
export function referencesOf(provider: Provider, ids: readonly string[]): string[] {
  return ids.map((id) => provider.referenceOf?.(id) ?? id).sort();
}

export function customIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `request-${index}`);
}

/** Submits requests with these ids, and removes their file. */
export async function submit(
  provider: Provider,
  harness: Pick<Harness, 'endpoint' | 'model' | 'request'>,
  ids: readonly string[],
  changes: Partial<Submission> = {},
): Promise<string> {
  const file = await scratchFileOf(ids.map((id) => harness.request(id)));
  try {
    const { jobId } = await provider.submit({
      ...jobContext(harness),
      completionWindow: '24h',
      file,
      requests: ids.length,
      createDeadlineMs: 60_000,
      ...changes,
    });
    return jobId;
  } finally {
    await file.remove();
  }
}

/** The rows of requests: not those that only say what else is billed. */
export async function* requestRows(groups: RowGroups): AsyncGenerator<Uint8Array> {
  for await (const row of flat(groups))
    if (!Buffer.from(row).includes(`"id":"${BILLED_ROW_ID}"`)) yield row;
}

/** Checks the job until it no longer runs. */
export async function settled(provider: Provider, jobId: string): Promise<JobState> {
  const giveUpAt = Date.now() + ENDS_WITHIN_MS;
  while (true) {
    const state = await provider.check(jobId);
    if (state.state !== 'running') return state;
    if (Date.now() > giveUpAt)
      throw new Error(`job ${jobId} still runs after ${ENDS_WITHIN_MS} ms`);
    await delay(20);
  }
}

export async function outcomeOf(provider: Provider, jobId: string): Promise<Outcome> {
  const state = await settled(provider, jobId);
  if (state.state !== 'ended') throw new Error(`job ${jobId} is ${state.state}`);
  return state.outcome;
}

export async function rowsOf(
  provider: Provider,
  job: Pick<Harness, 'endpoint' | 'model'>,
  outcome: Outcome,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of requestRows(provider.readRows(outcome, jobContext(job))))
    rows.push(JSON.parse(Buffer.from(row).toString()));
  return rows;
}

export function succeededIds(rows: readonly Row[]): string[] {
  return rows.filter(({ response }) => response?.status_code === 200).map((row) => row.custom_id);
}

/** Waits until these jobs show their keys. */
export async function shown(provider: Provider, harness: Harness, jobIds: readonly string[]) {
  if (harness.hidesKeys) for (const jobId of jobIds) await settled(provider, jobId);
}

export async function listed(provider: Provider, since: number, position?: ListingPosition) {
  const jobs = [];
  for await (const job of provider.listJobs(since, position)) jobs.push(job);
  return jobs;
}

/** Asserts that a call fails with this kind of ProviderError. */
export async function expectRefusal(call: Promise<unknown>, kind: string): Promise<void> {
  await expect(call).rejects.toMatchObject({
    name: 'ProviderError',
    kind,
    reason: { code: expect.any(String), message: expect.any(String) },
  });
}

type Events = readonly { readonly event: string; readonly fileId?: string }[];

/** Uploads that were not deleted. */
export function leftFiles(events: Events): (string | undefined)[] {
  const deleted = events.filter(({ event }) => event === 'deleted').map(({ fileId }) => fileId);
  return events
    .filter(({ event, fileId }) => event === 'uploaded' && !deleted.includes(fileId))
    .map(({ fileId }) => fileId);
}
