import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { awaitsInputExpiry } from '../../../shared/batch/lifecycle/ended.ts';
import type { BatchFields } from '../../../shared/batch/record.ts';
import { requestLine } from '../../support/world.ts';
import type { Role } from './functionsUnderWatch.ts';
import { createOverHttp } from './overHttp.ts';
import type { KillRig, Messenger } from './rig.ts';
import type { Moment, Point } from './watchedNetwork.ts';

export const IDS = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6'];

/** Which process is watched, and what happens to the batch. */
export interface Way {
  /** The function whose requests are counted. Of `Api`, the batch is created over HTTP. */
  readonly role: Role;
  /** How the provider tells of the ends of jobs; without one, the sweep sees them. */
  readonly messenger?: Messenger;
  /** Whether the batch is cancelled over HTTP while its job runs. */
  readonly cancels?: boolean;
}

/** When the process is killed. */
export interface Kill {
  readonly moment: Moment;
  readonly at: (point: Point) => boolean;
}

const SWEEP_MS = 60_000;
/** Far above what any case needs: a batch that has not ended by then never will. */
const MAX_ROUNDS = 150;
/** Batch queue, work queue and outcome queue can each set the others going a few times. */
const MAX_DRAINS = 50;

let serial = 0;

/**
 * Brings one batch from its message, or its create over HTTP, to its end.
 *
 * @param kill when the function of the way is killed, once
 * @returns the record, the requests that were counted and the one it was killed at
 */
export async function runScenario(
  rig: KillRig,
  { role, messenger, cancels = false }: Way,
  kill?: Kill,
): Promise<{ batch: BatchFields; points: readonly Point[]; killedAt: Point | undefined }> {
  const { network, functions } = rig;
  let killedAt: Point | undefined;
  network.reset(async (point, moment) => {
    if (killedAt || kill?.moment !== moment || !kill.at(point)) return;
    killedAt = point;
    await functions.kill(role);
  });
  // A fresh process, so that what it asks for once in its life is among its requests.
  await functions.deploy(role, rig.watched);

  const content = IDS.map((customId) => `${requestLine(customId)}\n`).join('');
  const batchId =
    role === 'Api'
      ? await createOverHttp(rig.openai, content, rig.drain)
      : await addByMessage(rig, content);

  const drainAll = async (): Promise<void> => {
    for (let drains = 0; drains < MAX_DRAINS; drains++) if ((await rig.drain()) === 0) return;
  };
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
    await drainAll();
    const batch: BatchFields | undefined = await rig.batches.get(batchId);
    if (batch && awaitsInputExpiry(batch)) {
      await functions.deploy(role, rig.direct);
      return { batch, points: network.points, killedAt };
    }
    if (messenger !== undefined && batch?.job && batch.status === 'running') {
      // Asked for the first time, the job still runs; for the second, it has ended.
      for (let time = 0; time < 2; time++) await rig.tell(messenger, batch.job.id);
      if (!kill && (await rig.batches.get(batchId))?.status === 'running')
        throw new Error('the end of the job was told and not seen');
    }
    await rig.sweep();
    await drainAll();
    const isCancelled = cancels && (await cancelRunning(rig, batchId));
    // Otherwise the job would have ended by the next sweep, which cancels it.
    if (!isCancelled) rig.advance(Math.max(SWEEP_MS, (batch?.dueAt ?? 0) - Date.now()));
  }
  const batch = await rig.batches.get(batchId);
  throw new Error(
    `the batch is ${batch?.status} after ${MAX_ROUNDS} sweeps: ${JSON.stringify(batch)}`,
  );
}

/** @returns the id of the batch */
async function addByMessage({ names, clients, batchQueueUrl }: KillRig, Body: string) {
  const batchId = `b${++serial}`;
  const Key = `uploads/${batchId}.jsonl`;
  await clients.s3.send(new PutObjectCommand({ Bucket: names.bucket, Key, Body }));
  const MessageBody = JSON.stringify({ batchId });
  await clients.sqs.send(new SendMessageCommand({ QueueUrl: batchQueueUrl, MessageBody }));
  return batchId;
}

/** @returns whether the batch was running, and is cancelled by this */
async function cancelRunning({ batches, openai }: KillRig, batchId: string): Promise<boolean> {
  const batch = await batches.get(batchId);
  if (batch?.status !== 'running' || batch.cancelRequested) return false;
  await openai.batches.cancel(batchId);
  return true;
}
