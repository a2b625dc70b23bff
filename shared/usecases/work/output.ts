import { ProviderError, type Reason, shortReason } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { missingRow, OUTPUT_MISSING, UNREADABLE_ROW } from '../../batch/ledger.ts';
import { isLastChance, isSalvageDue } from '../../batch/lifecycle/collecting.ts';
import type { BatchIn } from '../../batch/record.ts';
import type { Spool } from '../../jsonl/spool.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { Provider, RowGroups } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { jobContext, lastMomentBefore, OUT_OF_TIME, type WorkTask } from './task.ts';

type OutputPorts = Pick<Dependencies, 'clock' | 'policy' | 'providers'>;

/** The output of a job, as it is read. */
interface Output {
  /** Absent for a job that has none. */
  readonly provider: Provider | undefined;
  readonly outcome: Outcome;
  /** Whether files that cannot be read are left out. */
  readonly isSalvage: boolean;
  readonly rows: RowGroups;
  /** Why files were left out. Complete once the rows have been read. */
  readonly failures: readonly Reason[];
}

/**
 * @param isInAnyOrder whether the order of the rows does not matter. Then the errors come before the
 *   results, so that nothing is missing in these
 */
export async function openOutput(
  ports: OutputPorts,
  task: WorkTask<'collecting'>,
  isInAnyOrder: boolean,
): Promise<Output> {
  const { clock, policy, providers } = ports;
  const { batch } = task;
  const { outcome, provider: name } = batch;
  const isSalvage = isSalvageDue(batch, { policy, now: clock.now() });
  const failures: Reason[] = [];
  if (outcome.files.length === 0 && outcome.answered === undefined)
    return { provider: undefined, outcome, isSalvage, rows: nothing(), failures };
  const provider = await providers.get(name);
  const hasWaited = (batch.unread?.times ?? 0) >= policy.maxCollections;
  const isLast = hasWaited || isLastChance(batch, clock.now());
  const present = await presentOutcome(provider, batch, isLast);
  const { files } = present;
  // Where a job has two files, the errors are in the second one.
  const inBestOrder = isInAnyOrder && files.length === 2 ? files.toReversed() : files;
  const read = { ...present, files: inBestOrder };
  const rows = rowsOfFiles(ports, task, { provider, outcome: read, isSalvage, failures });
  return { provider, outcome: present, isSalvage, rows, failures };
}

const UNREAD_STATE = shortReason('job_state_unknown', 'the state of the job could not be read');

/** Files that were missing may be there by now, under ids that the job did not show before. */
async function presentOutcome(
  provider: Provider,
  { outcome, unread }: BatchIn<'collecting'>,
  isLast: boolean,
): Promise<Outcome> {
  if (!unread || outcome.jobId === undefined) return outcome;
  try {
    const seen = await provider.check(outcome.jobId);
    if (seen.state !== 'ended') throw new ProviderError('transient', UNREAD_STATE);
    if (seen.outcome.files.length === 0) return outcome;
    const { files, answered = outcome.answered } = seen.outcome;
    return omitUndefined({ ...outcome, files, answered });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    // A job without a file may name some by now: an error that passes is no answer to that.
    if (outcome.files.length === 0 && error.kind !== 'missing' && !isLast) throw error;
    // The files that are known are read all the same.
    return outcome;
  }
}

/** How much of its time a salvage may read: it must end with the rows that it has by then. */
const SALVAGE_SHARE = 0.5;

/**
 * How often a salvage reads a file whose reading fails, since nothing reads it after that: an error
 * that passes must not cost the rows that every collection before could read.
 */
const SALVAGE_READS = 5;

/** The rows of all files. A salvage leaves out what follows where reading a file fails. */
async function* rowsOfFiles(
  { clock }: Pick<OutputPorts, 'clock'>,
  { batch, deadline }: WorkTask<'collecting'>,
  {
    provider,
    outcome,
    isSalvage,
    failures,
  }: Pick<Output, 'outcome' | 'isSalvage'> & { provider: Provider; failures: Reason[] },
): RowGroups {
  const startedAt = clock.now();
  const readUntil = isSalvage
    ? startedAt + (deadline - startedAt) * SALVAGE_SHARE
    : lastMomentBefore(deadline, startedAt);
  for (const file of outcome.files) {
    /** Rows of the file that were given so far. */
    let given = 0;
    for (let reads = 1; ; reads++)
      try {
        const groups = provider.readRows({ ...outcome, files: [file] }, jobContext(batch));
        let read = 0;
        for await (const group of groups) {
          if (clock.now() > readUntil) throw new ProviderError('transient', OUT_OF_TIME);
          const fresh = group.slice(Math.max(0, given - read));
          read += group.length;
          given = Math.max(given, read);
          if (fresh.length > 0) yield fresh;
        }
        break;
      } catch (error) {
        if (!isSalvage || !(error instanceof ProviderError)) throw error;
        // A refusal of the account says nothing about the file, which is read when that is settled.
        const isRefused = error.kind === 'account' || error.kind === 'quota';
        if (isRefused && !isLastChance(batch, clock.now())) throw error;
        if (error.kind === 'transient' && reads < SALVAGE_READS && clock.now() <= readUntil)
          continue;
        failures.push(error.reason);
        break;
      }
  }
}

/** The reason why the output counts as not whole, if it does. */
export function shortfallOf(
  { outcome: { answered = 0, jobId, files } }: Output,
  { answers, rows, positioned }: Spool,
  requests: number,
): Reason | undefined {
  // A service may count as completed what has failed: then every request has a row.
  if (answers >= answered || rows.size + positioned.size >= requests) return undefined;
  const found = files.length === 0 ? 'it names no file' : `its files have ${answers}`;
  return shortReason(
    'output_incomplete',
    `the provider counts ${answered} answers of job ${jobId}, but ${found}`,
  );
}

/** The error of a request without a row. Whether it may have been paid for decides its code. */
export function missingRowOf({ outcome }: Output, spool: Spool, loss: Reason | undefined) {
  const { nameless, answers } = spool;
  const paid = 'may have been paid for, so the request runs again only with retry';
  if (nameless > 0) {
    const which = nameless === 1 ? 'a row that does not show' : `${nameless} rows that do not show`;
    const message = `the job's files have no row for this request, but ${which} whose answer it is. Its answer ${paid}`;
    return { code: UNREADABLE_ROW, message };
  }
  const hasAllAnswers = outcome.answered !== undefined && answers >= outcome.answered;
  if (!loss || hasAllAnswers) return missingRow(outcome);
  const message = `the answer to this request could not be read: ${loss.message}. It ${paid}`;
  return { code: OUTPUT_MISSING, message };
}

export function unreadReason(
  { outcome }: BatchIn<'collecting'>,
  loss: Reason | undefined,
  unreadableRows: number,
): Reason | undefined {
  const stay = 'Its files stay at the provider until they expire there';
  if (loss) {
    const message = `not all of the output of job ${outcome.jobId} could be read: ${loss.message}. ${stay}`;
    return shortReason(OUTPUT_MISSING, message);
  }
  if (unreadableRows === 0) return undefined;
  const rows = unreadableRows === 1 ? '1 row' : `${unreadableRows} rows`;
  return shortReason(UNREADABLE_ROW, `${rows} of job ${outcome.jobId} cannot be read. ${stay}`);
}

async function* nothing(): AsyncIterable<never> {}
