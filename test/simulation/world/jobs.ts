import {
  NO_USABLE_ANSWER,
  ProviderError,
  type ProviderErrorKind,
} from '../../../shared/batch/errors.ts';
import type { Outcome } from '../../../shared/batch/job.ts';
import type { ListingPosition } from '../../../shared/providers/provider.ts';
import type { MakeCall } from '../../../simulators/memory/calls.ts';
import type { JobPlan } from '../lives.ts';
import type { OutputFault, SimulatedJob } from '../observer.ts';
import type { Random } from '../random.ts';
import { DAY } from '../schedule.ts';

/** How often a job ends in which way. */
const PLANS: Readonly<Record<JobPlan, number>> = {
  completed: 10,
  partial: 8,
  expired: 5,
  quota: 5,
  account: 1,
  refused: 1,
  broken: 2,
  cancelled: 1,
  all_errors: 1,
  stuck: 2,
};

export function drawPlan(random: Random): JobPlan {
  return random.weighted(PLANS);
}

/** Every other request of a scripted job has a row with a success. */
export function alternating(index: number): Pick<Random, 'chance' | 'pick'> {
  return {
    chance: () => index % 2 === 0,
    pick: (items) => items[index % items.length] as (typeof items)[number],
  };
}

/** The row of a request, as its id and status code, if it has one when its job has ended. */
export function rowOf(
  plan: JobPlan,
  customId: string,
  random: Pick<Random, 'chance' | 'pick'>,
): [string, number][] {
  switch (plan) {
    case 'completed':
      return [[customId, 200]];
    case 'all_errors':
      return [[customId, 400]];
    case 'partial':
      return [[customId, random.pick([200, 200, 200, 429, 500, 400, 0])]];
    case 'expired':
    case 'broken':
    case 'cancelled':
    case 'stuck':
      return random.chance(0.5) ? [[customId, 200]] : [];
    default:
      return [];
  }
}

/** Lists jobs page by page, the newest first. It may fail half way. */
export async function* listed<T>(
  jobs: readonly SimulatedJob[],
  since: number,
  call: MakeCall,
  listing: (job: SimulatedJob) => T,
  position: ListingPosition = {},
): AsyncGenerator<T> {
  const all = await call('list jobs', () => jobs.toReversed());
  // The cursor is the last job of the page before.
  const start = all.findIndex(({ id }) => id === position.cursor) + 1;
  let previous: SimulatedJob | undefined;
  for (const [index, job] of all.slice(start).entries()) {
    if (job.createdAt < since) return;
    if (previous && index % 2 === 0) {
      position.cursor = previous.id;
      await call('list more jobs', () => {});
    }
    previous = job;
    yield listing(job);
  }
}

/** The page of a gateway, or the list of another API. */
export async function* noList(call: MakeCall): AsyncGenerator<never> {
  const reason = { code: NO_USABLE_ANSWER, message: 'simulated' };
  // Several batches ask, each with a backoff of its own: it is no failure of one step.
  await call('list jobs', () => {});
  throw new ProviderError('permanent', reason);
}

export async function* rowsOf(
  jobs: readonly SimulatedJob[],
  call: MakeCall,
): AsyncGenerator<readonly Uint8Array[]> {
  for (const job of jobs) {
    const { id, rows } = job;
    await call(`download ${id}`, () => {
      if (job.outputDeleted || job.output?.kind === 'gone') throw failure('missing');
    });
    for (const [index, [customId, status]] of [...rows].reverse().entries()) {
      if (index === 1 && job.output?.kind === 'cut')
        await call(`download more of ${id}`, () => {
          throw failure('transient');
        });
      if (index === 1) await call(`download more of ${id}`, () => {});
      if (status < 0) {
        yield [Buffer.from(brokenLine(customId, status))];
        continue;
      }
      const response = { status_code: status, request_id: id, body: {} };
      const row = { id: `${id}/${customId}`, custom_id: customId, response, error: null };
      yield [Buffer.from(JSON.stringify(row))];
    }
  }
}

/** In place of a status code: the row was cut off, after or within its id. */
const CUT = -1;
const NAMELESS = -2;

function brokenLine(customId: string, status: number): string {
  return status === NAMELESS ? '{"custom_i' : `{"custom_id":"${customId}","response":{"stat`;
}

/** In place of a status code: the answer was given, and no download comes to it. */
const LOST = -3;

/** Within the time for which missing output is looked for. */
const LATE_MS = 45 * 60_000;

export function drawOutputFault(random: Random): OutputFault | undefined {
  if (!random.chance(0.15)) return undefined;
  const kind = random.pick(['late', 'late', 'gone', 'cut'] as const);
  return { kind, lateMs: kind === 'late' ? random.between(0, LATE_MS) : 0 };
}

/** The rows of a job, as its files show them: those that cannot be reached have no success. */
export function withLostRows(
  rows: readonly (readonly [customId: string, status: number])[],
  fault: OutputFault | undefined,
): readonly (readonly [customId: string, status: number])[] {
  if (fault === undefined || fault.kind === 'late') return rows;
  return rows.map(([customId, status], index) => {
    // The last row comes first in a download.
    const isRead = fault.kind === 'cut' && index === rows.length - 1;
    return [customId, status === 200 && !isRead ? LOST : status] as const;
  });
}

/** Answers by the provider's own count. */
export function answersOf({ rows }: SimulatedJob): number {
  return [...rows.values()].filter((status) => status === 200 || status < 0).length;
}

/** Some rows with a success become rows that cannot be read. */
export function withBrokenRows(
  rows: readonly (readonly [customId: string, status: number])[],
  random: Random,
): ReadonlyMap<string, number> {
  const share = random.pick([0, 0, 0.3]);
  return new Map(
    rows.map(([customId, status]) =>
      status === 200 && random.chance(share)
        ? [customId, random.pick([CUT, NAMELESS])]
        : [customId, status],
    ),
  );
}

/** The time for which the status of a job cannot be read: a day at most, from some time of its run on. */
export function blindTime(createdAt: number, endsAt: number, random: Random) {
  if (!random.chance(0.3)) return undefined;
  const from = random.between(createdAt, Math.min(endsAt, createdAt + DAY));
  return { from, until: from + random.between(0, random.pick([10, 10, 180, 1_440]) * 60_000) };
}

export function outcomeOf(job: SimulatedJob): Omit<Outcome, 'files'> {
  const { plan, cancelled } = job;
  const reason = job.refusal ?? { code: plan, message: 'simulated' };
  if (cancelled && plan !== 'quota' && plan !== 'refused' && plan !== 'account')
    return { kind: 'cancelled' };
  switch (plan) {
    case 'quota':
    case 'account':
      return { kind: 'failed', refusal: plan, reason };
    case 'refused':
      return { kind: 'failed', refusal: 'permanent', reason };
    case 'broken':
      return { kind: 'failed', reason };
    case 'expired':
      return { kind: 'expired' };
    case 'cancelled':
    case 'stuck':
      return { kind: 'cancelled' };
    default:
      return { kind: 'completed' };
  }
}

export function failure(kind: ProviderErrorKind): ProviderError {
  return new ProviderError(kind, { code: kind, message: 'simulated' });
}
