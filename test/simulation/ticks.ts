import { needsRetry, partId } from '../../shared/batch/newRecord.ts';
import type { Batch, BatchFields, BatchIn } from '../../shared/batch/record.ts';
import { isEnded } from '../../shared/batch/status.ts';
import { dueAtOf, type Lane } from '../../shared/collector/lane.ts';
import { isPaused } from '../../shared/quota/providerState.ts';
import { MINUTE, type Schedule } from './schedule.ts';
import { HUNG_ENTRY } from './world/hungProvider.ts';
import type { ProviderAccount } from './world/provider.ts';
import type { Table } from './world/table.ts';

/** Whether a batch has reached its end, and no sweep has anything to do for it. */
export function isSettled({ status, dueAt }: BatchFields): boolean {
  return isEnded(status) && dueAt === undefined;
}

interface Swept {
  readonly table: Table;
  readonly account: ProviderAccount;
  lanes(): readonly Lane[];
}

/** How late a tick may be. */
const LATE_MS = 20 * MINUTE;

/** The ticks of the schedule, without those at which a sweep has nothing to do. */
export class Ticks {
  readonly #schedule: Schedule;
  readonly #swept: Swept;
  readonly #sweep: () => void;
  /** When the next tick comes, if one is planned. */
  #tickAt = Number.POSITIVE_INFINITY;

  constructor(schedule: Schedule, swept: Swept, sweep: () => void) {
    this.#schedule = schedule;
    this.#swept = swept;
    this.#sweep = sweep;
  }

  /** Has a tick come when the record that was just written needs one. */
  onWrite(batch: Batch): void {
    const root = batch.part && this.#swept.table.get(batch.part.parentId);
    for (const written of root ? [batch, root] : [batch]) {
      const wanted = isSettled(written) ? undefined : this.#interestOf(written);
      if (wanted !== undefined && wanted !== Number.POSITIVE_INFINITY) this.wake(wanted);
    }
  }

  /** Has a tick come at that time, unless one comes before. */
  wake(wanted: number): void {
    const { now, random } = this.#schedule;
    const at = Math.max(wanted, now) + random.between(0, MINUTE);
    if (at < this.#tickAt) this.#plan(at);
  }

  #plan(at: number): void {
    const { now, timeline } = this.#schedule;
    this.#tickAt = at;
    timeline.after(at - now, () => {
      // An earlier one was planned since, and has taken its place.
      if (this.#tickAt === at) this.#tick();
    });
  }

  #tick(): void {
    const { random, faults, guards, injection, now } = this.#schedule;
    const fault = injection?.at('tick', 'a sweep');
    if (fault === 'late') {
      this.#plan(now + LATE_MS);
      return;
    }
    const times = random.chance(faults.doubleTick) || fault === 'twice' ? 2 : 1;
    for (let time = 0; time < times; time++) this.#sweep();
    const next = this.#nextInterest();
    this.#tickAt = Number.POSITIVE_INFINITY;
    // All are settled: the next write of an open record starts the ticks again.
    if (next === undefined) return;
    const { sweepIntervalMs: interval = MINUTE } = guards;
    const skip = random.chance(0.8) ? next : now;
    this.#plan(Math.max(now + interval, skip) + random.between(0, interval));
  }

  /** When the next sweep has anything to do: ticks in between would only cost time. */
  #nextInterest(): number | undefined {
    const times = [
      ...this.#swept.table.all().flatMap((batch) => this.#interestOf(batch) ?? []),
      ...this.#swept.lanes().flatMap((lane) => dueAtOf(lane) ?? []),
    ];
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  #interestOf(batch: Batch): number | undefined {
    const { now, hungUntil = 0 } = this.#schedule;
    const interest = this.#ownInterestOf(batch);
    // Every call hangs: more than one sweep in a while would only cost time.
    const waits = batch.provider === HUNG_ENTRY && now < hungUntil && batch.status !== 'inspecting';
    return interest !== undefined && waits ? Math.max(interest, now + 30 * MINUTE) : interest;
  }

  #ownInterestOf(batch: Batch): number | undefined {
    const { account } = this.#swept;
    const { now } = this.#schedule;
    if (batch.status === 'queued') return this.#admissionOf(batch);
    if (batch.status === 'split' && !this.#hasNewsOfParts(batch)) return undefined;
    if (batch.status === 'running' && !batch.cancelRequested) {
      const end = account.newsOf(batch.job.id) ?? batch.deadlineAt;
      return Math.min(Math.max(end, now), batch.deadlineAt);
    }
    const { dueAt }: BatchFields = batch;
    return dueAt;
  }

  /** When a waiting batch may start at the earliest. */
  #admissionOf({ provider }: Batch): number {
    const { account, table } = this.#swept;
    const { now } = this.#schedule;
    const state = table.state(provider);
    if (state && isPaused(state)) return now + 30 * MINUTE;
    const holds = [state?.hold, ...Object.values(state?.ceilings ?? {}).map((c) => c.cooldown)];
    const until = Math.max(now, ...holds.map((hold) => hold?.until ?? now));
    // Full, or as full as has been learned: the end of a job makes room, once its status shows it.
    const news = table.all().map((batch) => this.#newsOf(batch));
    const next = Math.min(...news.filter((at) => at > now));
    const isBusy = next !== Number.POSITIVE_INFINITY;
    const isFull = account.isFull() || (state?.ceilings !== undefined && isBusy);
    return isFull ? Math.max(until, Math.min(next, account.nextEnd())) : until;
  }

  /** When the status of its job shows something new, if it has a job. */
  #newsOf(batch: Batch): number {
    const jobId = batch.status === 'running' ? batch.job.id : '';
    return this.#swept.account.newsOf(jobId) ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the next sweep has anything to do for a batch that was split. */
  #hasNewsOfParts(batch: BatchIn<'split'>): boolean {
    const numbers = batch.input.parts.map((_, index) => index + 1);
    const parts = numbers.map((number) => this.#swept.table.get(partId(batch.batchId, number)));
    const open = parts.filter((part) => part && !isEnded(part.status));
    if (batch.cancelRequested)
      return open.length === 0 || open.some((part) => !part?.cancelRequested);
    return open.length === 0 || parts.some((part) => !part || needsRetry(part, batch));
  }
}
