import { isDeepStrictEqual } from 'node:util';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { BatchFields } from '../../../shared/batch/record.ts';
import { sentAgain } from '../../../simulators/engine/journal.ts';
import type { KillRig } from './rig.ts';
import { IDS } from './scenario.ts';

/**
 * What is wrong with the end of a batch whose first job expired half done, whose second completed
 * and whose processor failed the first time. Empty if nothing is.
 */
export async function wrongs(rig: KillRig, batch: BatchFields): Promise<readonly string[]> {
  const { found, check } = comparison();
  const { batchId, keyPrefix, status, attempt, submission, counts, rows } = batch;
  check('status', status, 'completed');
  check('attempt', attempt, 2);
  check('submission', submission, 2);
  check('counts', counts, { total: 6, succeeded: 6, failed: 0, unfinished: 0 });

  const results = await readRows(rig, rows?.results ?? '');
  check(
    'results',
    results.map(({ custom_id: id }) => id),
    IDS,
  );
  check('answers', [...new Set(results.map(({ response }) => response?.status_code))], [200]);
  check('errors', await readRows(rig, rows?.errors ?? ''), []);

  const { jobs, events } = await rig.simulator.journal();
  const own = jobs.filter((job) => job.batch === batchId);
  check(
    'jobs',
    own.map(({ key, status: end }) => [key, end]),
    [
      [`${keyPrefix}-1`, 'expired'],
      [`${keyPrefix}-2`, 'completed'],
    ],
  );
  check('the job that the record names', batch.job?.id, own.at(-1)?.jobId);
  check('sent again', sentAgain(own), []);
  const ids = own.map(({ jobId }) => jobId);
  const cancelled = events.filter((event) => event.event === 'cancel_asked');
  check(
    'cancelled',
    cancelled.filter(({ jobId }) => ids.includes(jobId)),
    [],
  );

  const effects = await effectsOf(rig, batchId);
  const deliveryIds = [...new Set(effects.map((effect) => effect.split('/')[0]))];
  check('deliveries', deliveryIds, [`${keyPrefix}-delivery-1`]);
  check('batches of its file', await batchesOf(rig, batch), [batchId]);
  const ends = rig.events.filter((event) => event.batchId === batchId && event.to === 'completed');
  if (ends.length === 0) found.push('the end event was not sent');
  return found;
}

/** What is wrong with the end of a batch that was cancelled over HTTP while its first job ran. */
export async function cancelWrongs(rig: KillRig, batch: BatchFields): Promise<readonly string[]> {
  const { found, check } = comparison();
  const { batchId, status, cancelRequested, rows } = batch;
  check('status', [status, cancelRequested], ['cancelled', true]);
  const results = await readRows(rig, rows?.results ?? '');
  const errors = await readRows(rig, rows?.errors ?? '');
  check('rows', [...results, ...errors].map(({ custom_id: id }) => id).toSorted(), IDS);
  const { jobs, events } = await rig.simulator.journal();
  const own = jobs.filter((job) => job.batch === batchId);
  check('number of jobs', own.length, 1);
  const isCancelled = (event: (typeof events)[number]) =>
    event.event === 'cancel_asked' && event.jobId === own[0]?.jobId;
  check('whether its job was cancelled', events.some(isCancelled), true);
  check('batches of its file', await batchesOf(rig, batch), [batchId]);
  return found;
}

function comparison() {
  const found: string[] = [];
  const check = (what: string, actual: unknown, expected: unknown): void => {
    if (!isDeepStrictEqual(actual, expected))
      found.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
  };
  return { found, check };
}

/** Ids of all batches that were made of the file of this one. */
async function batchesOf({ items }: KillRig, { spec }: BatchFields): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const page of items.scan({ idPrefix: 'batch#', idWithout: '/' }))
    for (const { record } of page) {
      const other: BatchFields = JSON.parse(String(record));
      if (other.spec.source.key === spec.source.key) ids.push(other.batchId);
    }
  return ids;
}

interface Row {
  readonly custom_id: string;
  readonly response: { readonly status_code: number } | null;
}

async function readRows({ clients, names }: KillRig, key: string): Promise<readonly Row[]> {
  const object = { Bucket: names.bucket, Key: key };
  const { Body: body } = await clients.s3.send(new GetObjectCommand(object));
  const text = (await body?.transformToString()) ?? '';
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** What the processor left behind each time that it ran: its delivery id and a mark of the run. */
export async function effectsOf(
  { clients, names }: KillRig,
  batchId: string,
): Promise<readonly string[]> {
  const prefix = `effects/${batchId}/`;
  const input = { Bucket: names.bucket, Prefix: prefix };
  const { Contents: contents = [] } = await clients.s3.send(new ListObjectsV2Command(input));
  return contents.map(({ Key: key = '' }) => key.slice(prefix.length)).toSorted();
}
