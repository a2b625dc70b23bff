import * as z from 'zod';
import type { Counts } from './ledger.ts';
import { isEnded, type Status } from './status.ts';
import { clipToBytes, sumOf, Tally } from './tally.ts';

/**
 * Bytes of JSON that each text of a group may take. Ten groups then take about 2 KB, for which a
 * record of 200 parts still has room.
 */
const MAX_CODE_BYTES = 60;
const MAX_EXAMPLE_BYTES = 80;

const count = z.number().int().positive();

/** Requests with the same error. */
const failureGroupSchema = z.object({
  count,
  /** Error code of the rows: the provider's or the handler's. */
  code: z.string(),
  /** HTTP status of the rows. Absent if they have none. */
  status: z.number().int().optional(),
  /** `custom_id` of one of them. */
  example: z.string().optional(),
  /** Set if such requests run again by themselves, as long as the batch has attempts left. */
  isUnfinished: z.literal(true).optional(),
});
export type FailureGroup = z.infer<typeof failureGroupSchema>;
export const failureGroupsSchema = z.array(failureGroupSchema);

/** The requests of a batch that did not succeed. */
export const failuresSchema = z.object({
  total: count,
  groups: failureGroupsSchema.describe('The 10 most frequent errors.'),
  other: z.number().int().nonnegative().describe('Requests with other errors.'),
});
export type Failures = z.infer<typeof failuresSchema>;

/** The error of one row. */
export type Failure = Omit<FailureGroup, 'count' | 'example'>;

/** Counts failed requests by error. */
export class FailureTally {
  readonly #tally = new Tally<FailureGroup>();

  /** @param customId that of the row */
  add(failure: Failure, customId: string): void {
    this.#add({ ...failure, code: clipToBytes(failure.code, MAX_CODE_BYTES) }, 1, () =>
      clipToBytes(customId, MAX_EXAMPLE_BYTES),
    );
  }

  /** Adds what another tally has counted. */
  addGroups(groups: readonly FailureGroup[]): void {
    for (const { count: times, example, ...failure } of groups)
      this.#add(failure, times, () => example);
  }

  groups(): FailureGroup[] {
    return this.#tally.top();
  }

  #add(failure: Failure, times: number, exampleOf: () => string | undefined): void {
    const { code, status, isUnfinished } = failure;
    const entry = this.#tally.entry(`${status} ${isUnfinished} ${code}`, () => {
      const example = exampleOf();
      return {
        count: 0,
        code,
        ...(status !== undefined && { status }),
        ...(example !== undefined && { example }),
        ...(isUnfinished && { isUnfinished }),
      };
    });
    entry.count += times;
  }
}

/** The failures of several batches together; undefined if there are none. */
export function sumFailures(
  a: Failures | undefined,
  b: Failures | undefined,
): Failures | undefined {
  if (!a || !b) return a ?? b;
  const tally = new FailureTally();
  tally.addGroups(a.groups);
  tally.addGroups(b.groups);
  const groups = tally.groups();
  const total = a.total + b.total;
  return { total, groups, other: total - sumOf(groups) };
}

/** The part of a record that its failures follow from. */
interface Ledger {
  readonly status: Status;
  readonly counts: Counts;
  readonly selection: 'unfinished' | 'unsucceeded';
  readonly rows?: object | undefined;
  readonly failureGroups?: readonly FailureGroup[] | undefined;
}

/**
 * The requests of a batch that have failed for good: of an open batch without those that run again.
 *
 * @returns undefined if there are none, or none is known yet
 */
export function failuresOf(batch: Ledger): Failures | undefined {
  const { status, counts, selection, rows, failureGroups = [] } = batch;
  const isFinal = isEnded(status) || status === 'delivering';
  // After a user's retry all of them run again. Those of parts are in the parts' own records.
  const runsAgain = !isFinal && (selection === 'unsucceeded' || status === 'split');
  if (!rows || runsAgain) return undefined;
  const total = isFinal ? counts.total - counts.succeeded : counts.failed;
  if (total <= 0) return undefined;
  const groups = failureGroups.filter(({ isUnfinished }) => isFinal || !isUnfinished);
  return { total, groups, other: Math.max(0, total - sumOf(groups)) };
}
