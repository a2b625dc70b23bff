import type { StateChange } from '../../shared/batch/contracts.ts';
import { rootBatchId } from '../../shared/batch/newRecord.ts';
import type { Batch, BatchFields, Rows } from '../../shared/batch/record.ts';
import { isEnded } from '../../shared/batch/status.ts';
import type { MemoryBucket } from '../../simulators/memory/bucket.ts';
import { checkCollected } from './collected.ts';
import type { Collecting } from './collecting.ts';
import { checkOverHttp } from './http/checks.ts';
import type { HttpUsers } from './http/users.ts';
import type { SimulatedJob } from './observer.ts';
import type { Pauses } from './pauses.ts';
import type { Schedule } from './schedule.ts';
import { isSettled } from './ticks.ts';
import type { ReportBroken } from './verdict.ts';
import type { ProcessorFunction } from './world/processor.ts';
import type { ProviderAccount } from './world/provider.ts';
import type { Message } from './world/queue.ts';
import type { Table } from './world/table.ts';

/** The parts of a simulation that promises are about. */
export interface SimulatedWorld {
  readonly schedule: Schedule;
  readonly table: Table;
  readonly bucket: MemoryBucket;
  readonly account: ProviderAccount;
  readonly processor: ProcessorFunction;
  readonly pauses: Pauses;
  readonly collecting: Collecting | undefined;
  readonly http: HttpUsers | undefined;
  readonly announced: readonly StateChange[];
  readonly deadLetters: readonly { readonly body: string }[];
  deadMessages(): readonly Message[];
}

/** What the user has asked for, by batch. */
interface Asked {
  /** Ids of the requests. */
  readonly customIds: ReadonlyMap<string, readonly string[]>;
  /** How many commands were sent that may make another delivery. */
  readonly commands: ReadonlyMap<string, number>;
}

/** Checks what is promised for the end. */
export function checkEnd(world: SimulatedWorld, asked: Asked, report: ReportBroken): void {
  const { table, pauses, collecting, http } = world;
  for (const [batchId, customIds] of asked.customIds) {
    const batch = table.get(batchId);
    const commands = asked.commands.get(batchId) ?? 0;
    if (batch) checkBatch(world, batch, { customIds, commands }, report);
    else if (!table.removed.has(batchId) && !isDead(world, batchId))
      report('lost', `${batchId} was never taken in`);
  }
  for (const part of table.all().filter(({ part }) => part !== undefined))
    if (!isSettled(part)) report('lost', `${part.batchId} has not ended: ${part.status}`);
  const pause = pauses.brokenAtTheEnd();
  if (pause) report('violation', pause);
  checkAccount(world, report);
  if (collecting) checkCollected(world, collecting, report);
  if (http) checkOverHttp(world, http, report);
}

/** A job ends within minutes of its cancel. Only a cancel that was not recorded is sent again. */
const MAX_CANCELS = 4;

/** Nothing that costs money or holds data is left behind at the provider. */
function checkAccount({ account }: SimulatedWorld, report: ReportBroken): void {
  for (const job of account.jobs.filter((each) => account.isLive(each)))
    report('violation', `${job.id} was left running`);
  for (const { id, cancels } of account.jobs)
    if (cancels > MAX_CANCELS) report('violation', `${id} was cancelled ${cancels} times`);
  for (const { key, job, deleted } of account.uploads)
    if (!deleted && !(job && isUnreadable(job)))
      report('violation', `the upload of ${job?.id ?? key} was left behind`);
  for (const job of account.jobs)
    if (job.rows.size > 0 && !job.outputDeleted && !isUnreadable(job))
      report('violation', `the output of ${job.id} was left behind`);
}

/** The files of a job that could not be read as a whole stay, so that a person can look at them. */
function isUnreadable({ rows, output }: SimulatedJob): boolean {
  return output !== undefined || [...rows.values()].some((code) => code < 0);
}

/** A message that was given up lies in a dead-letter queue: it is not lost. */
function isDead(world: SimulatedWorld, batchId: string): boolean {
  const dead = [...world.deadLetters, ...world.deadMessages()];
  return dead.some(({ body }) => JSON.parse(body).batchId === batchId);
}

export function checkBatch(
  world: SimulatedWorld,
  batch: Batch,
  asked: { readonly customIds: readonly string[]; readonly commands: number },
  report: ReportBroken,
): void {
  const { batchId, status, rows, dueAt }: BatchFields = batch;
  if (!isSettled(batch)) {
    report('lost', `${batchId} has not ended: ${status}, due ${dueAt}`);
    return;
  }
  if (!world.announced.some((change) => change.batchId === batchId && isEnded(change.to)))
    report('lost', `the end of ${batchId} was never announced`);
  if (rows) checkRows(world, batch, rows, asked.customIds, report);
  else if (status === 'completed') report('violation', `${batchId} is completed without rows`);
  checkDeliveries(world, batch, asked.commands, report);
}

function checkRows(
  { bucket, account: { jobs } }: SimulatedWorld,
  { batchId, counts }: Batch,
  rows: Rows,
  customIds: readonly string[],
  report: ReportBroken,
): void {
  const results = rowsIn(bucket, rows.results);
  const errors = rowsIn(bucket, rows.errors);
  const ids = [...results, ...errors].map((row) => row.custom_id).sort();
  if (ids.join() !== [...customIds].sort().join())
    report('violation', `the rows of ${batchId} are of ${ids}, not of ${customIds}`);
  if (results.length !== counts.succeeded) report('violation', `${batchId} miscounts`);
  for (const { custom_id: id, id: origin } of results) {
    const job = jobs.find((each) => `${each.id}/${id}` === origin);
    if (job?.rows.get(id) !== 200) report('unexpected', `a result of ${id} that no job gave`);
  }
  const done = new Set(results.map((row) => row.custom_id));
  for (const job of jobs.filter((each) => rootBatchId(each.batchId) === batchId)) {
    const missed = [...job.rows].filter(([id, code]) => code === 200 && !done.has(id));
    if (missed.length > 0)
      report('lost', `the results of ${job.id} for ${missed.map(([id]) => id)}`);
  }
}

function checkDeliveries(
  { processor: { runs } }: SimulatedWorld,
  { batchId, status, keyPrefix }: Batch,
  commands: number,
  report: ReportBroken,
): void {
  const delivered = [...runs.values()].flat().filter((event) => event.batchId === batchId);
  if (status === 'completed' && delivered.length === 0)
    report('lost', `${batchId} is completed and was never processed`);
  const ids = new Set(delivered.map((event) => event.deliveryId));
  if (ids.size > 1 + commands)
    report('duplicated', `${batchId} is delivered under ${ids.size} ids`);
  for (const { deliveryId, deliveryAttempt } of delivered) {
    if (!deliveryId.startsWith(keyPrefix)) report('unexpected', `a delivery of ${batchId}`);
    if (deliveryAttempt > 5) report('violation', `${batchId} is delivered too often`);
  }
}

/** The rows of an object in the bucket. */
export function rowsIn(bucket: MemoryBucket, key: string): { custom_id: string; id: string }[] {
  return bucket
    .text(key)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
