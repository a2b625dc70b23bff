import * as z from 'zod';
import { saturated } from '../batch/bounds.ts';
import type { WaitingHint } from '../batch/ports.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** Tokens that a tenant was granted beyond the tenant that was granted the fewest. */
const grantSchema = z.object({
  /** Absent: the batches of no tenant, which count as one. */
  tenant: z.string().optional(),
  /** Absent: of all models of the provider together. `''`: of the batches without a model. */
  model: z.string().optional(),
  tokens: z.number().positive(),
});
type Grant = z.infer<typeof grantSchema>;

/** Grants that are kept in a provider's state, which must stay small. Beyond it, the smallest are forgotten. */
const MAX_GRANTS = 200;

/** Who is ahead of whom at a provider. Absent in its state while nobody is. */
export const sharesSchema = z.object({
  /** Estimated tokens of the largest batch since somebody was ahead. */
  largest: z.number().nonnegative(),
  grants: z.array(grantSchema),
});
export type Shares = z.infer<typeof sharesSchema>;

/** Begins the batch that is next, or not, if there is no room for it. @returns whether it starts */
type TryStart = (batch: WaitingHint) => boolean;

/**
 * Divides what a provider has room for between tenants, from one sweep to the next. Batches of higher
 * priority come first, whoever they are of. Among equal ones, the next is of the tenant that was granted
 * the fewest estimated tokens so far: while two tenants have batches that would fit, neither is granted
 * more than the other by more than the largest batch. Within a tenant, the oldest is first.
 *
 * That holds for the provider and for each of its models, because limits are of both kinds: whose turn it
 * is at the provider says which model is next, and whose turn it is at the model says whose batch it is.
 * A tenant that gets much of one model thus still gets its share of another.
 *
 * Nobody saves up: what others got while a tenant had no batch waiting, or none that fits, counts as two
 * of the largest batches at most. And nobody is held back for what nobody else wanted: a tenant alone gets
 * everything, and is not behind afterwards.
 */
export class FairShare {
  /** By model; undefined is the provider as a whole. */
  readonly #tallies = new Map<string | undefined, Tally>();
  #largest: number;

  constructor({ largest, grants }: Shares = { largest: 0, grants: [] }) {
    this.#largest = largest;
    for (const { tenant, model, tokens } of grants) this.#tally(model).grant(tenant, tokens);
  }

  /** Notes batches that wait and may start. To be called once for each. */
  note(waiting: readonly WaitingHint[]): void {
    for (const batch of waiting) {
      this.#largest = Math.max(this.#largest, tokensOf(batch));
      for (const tally of this.#talliesOf(batch)) tally.noteWaiting(batch.tenant, 1);
    }
  }

  /** Tries to start each of the batches, in turn. */
  inTurn(batches: readonly WaitingHint[], tryStart: TryStart): void {
    const priorities = new Set(batches.map(({ priority }) => priority));
    for (const priority of [...priorities].sort((a, b) => b - a))
      this.#oneByOne(new Lines(batches.filter((batch) => batch.priority === priority)), tryStart);
  }

  #oneByOne(lines: Lines, tryStart: TryStart): void {
    for (;;) {
      const first = this.#tally(undefined).next(lines.firstOfTenants());
      if (!first) return;
      const batch = this.#tally(modelOf(first)).next(lines.firstOfModel(modelOf(first))) ?? first;
      lines.remove(batch);
      if (!tryStart(batch)) continue;
      for (const tally of this.#talliesOf(batch)) tally.grant(batch.tenant, tokensOf(batch));
      this.noteGone(batch);
    }
  }

  /** Notes that a batch does not wait any more. One that `inTurn` has started is noted already. */
  noteGone(batch: WaitingHint): void {
    for (const tally of this.#talliesOf(batch)) tally.noteWaiting(batch.tenant, -1);
  }

  /** What the next sweep must know; undefined if nobody is ahead. */
  shares(): Shares | undefined {
    const grants = [...this.#tallies].flatMap(([model, tally]) =>
      tally.ahead(2 * this.#largest).map((grant): Grant => omitUndefined({ ...grant, model })),
    );
    if (grants.length === 0) return undefined;
    const kept = grants.sort((a, b) => b.tokens - a.tokens).slice(0, MAX_GRANTS);
    return { largest: saturated(this.#largest), grants: kept };
  }

  #tally(model: string | undefined): Tally {
    const known = this.#tallies.get(model) ?? new Tally();
    this.#tallies.set(model, known);
    return known;
  }

  #talliesOf(batch: WaitingHint): readonly Tally[] {
    return [this.#tally(undefined), this.#tally(modelOf(batch))];
  }
}

function modelOf({ model = '' }: WaitingHint): string {
  return model;
}

/** A batch without an estimate counts as one token, so that many of them come in turn, too. */
function tokensOf({ estimatedTokens }: WaitingHint): number {
  return Math.max(1, estimatedTokens);
}

/** Who was granted how much, of a provider or of one of its models. */
class Tally {
  readonly #granted = new Map<string | undefined, number>();
  /** Number of batches. */
  readonly #waiting = new Map<string | undefined, number>();

  grant(tenant: string | undefined, tokens: number): void {
    this.#granted.set(tenant, saturated(this.#grantedTo(tenant) + tokens));
  }

  noteWaiting(tenant: string | undefined, change: number): void {
    this.#waiting.set(tenant, (this.#waiting.get(tenant) ?? 0) + change);
  }

  /** The batch of the tenant that was granted the fewest tokens; among equals, the oldest. */
  next(batches: Iterable<WaitingHint>): WaitingHint | undefined {
    let next: WaitingHint | undefined;
    for (const batch of batches) {
      const order = next
        ? this.#grantedTo(batch.tenant) - this.#grantedTo(next.tenant) || olderFirst(batch, next)
        : -1;
      if (order < 0) next = batch;
    }
    return next;
  }

  /** By how much each tenant is ahead of the one that waits with the fewest tokens, at most `limit`. */
  ahead(limit: number): readonly Omit<Grant, 'model'>[] {
    const waiting = [...this.#waiting].filter(([, batches]) => batches > 0);
    if (waiting.length === 0) return [];
    const most = Math.max(...this.#granted.values());
    const fewest = Math.min(...waiting.map(([tenant]) => this.#grantedTo(tenant)));
    const level = Math.max(fewest, most - limit);
    return [...this.#granted]
      .map(([tenant, tokens]) => ({ ...omitUndefined({ tenant }), tokens: tokens - level }))
      .filter(({ tokens }) => tokens > 0);
  }

  #grantedTo(tenant: string | undefined): number {
    return this.#granted.get(tenant) ?? 0;
  }
}

function olderFirst(a: WaitingHint, b: WaitingHint): number {
  return a.createdAt - b.createdAt || (a.batchId < b.batchId ? -1 : 1);
}

/** Batches of one priority: a line for each tenant and model, in the order of their queue. */
class Lines {
  readonly #byTenant = new Map<string | undefined, Map<string, WaitingHint[]>>();

  constructor(batches: readonly WaitingHint[]) {
    // The last of a line is its first batch, because an array gives up its last element at once.
    for (const batch of batches.toReversed()) {
      const lines = this.#byTenant.get(batch.tenant) ?? new Map<string, WaitingHint[]>();
      this.#byTenant.set(batch.tenant, lines);
      const line = lines.get(modelOf(batch)) ?? [];
      lines.set(modelOf(batch), line);
      line.push(batch);
    }
  }

  /** The first batch of each tenant. */
  *firstOfTenants(): Generator<WaitingHint> {
    for (const lines of this.#byTenant.values()) {
      let first: WaitingHint | undefined;
      for (const line of lines.values()) {
        const batch = line.at(-1);
        if (batch && (!first || olderFirst(batch, first) < 0)) first = batch;
      }
      if (first) yield first;
    }
  }

  /** The first batch of a model of each tenant. */
  *firstOfModel(model: string): Generator<WaitingHint> {
    for (const lines of this.#byTenant.values()) {
      const batch = lines.get(model)?.at(-1);
      if (batch) yield batch;
    }
  }

  remove(batch: WaitingHint): void {
    this.#byTenant.get(batch.tenant)?.get(modelOf(batch))?.pop();
  }
}
