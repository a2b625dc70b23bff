import type { ActiveHint, WaitingHint, WaitingQueue } from '../batch/ports.ts';
import { type ProviderUsage, usageOf } from './admission.ts';

/** Where a batch stands in the queue of its tenant at a provider. */
export interface QueuePlace {
  /** From 1. */
  readonly position: number;
  /** Estimated prompt tokens of the batches of its model that are before it. */
  readonly tokensAhead: number;
  /** Whether the queue is longer than what was read of it, so that the numbers are the least. */
  readonly isAtLeast: boolean;
  /** Other tenants with batches that wait there, which share what becomes free; those of none count as one. */
  readonly others: number;
}

/** The queues of a provider as a whole. */
export interface QueueTotals {
  readonly batches: number;
  /** Estimated prompt tokens. */
  readonly tokens: number;
  /** Start of the longest wait, in milliseconds since 1970. Undefined: nothing waits. */
  readonly oldestAt: number | undefined;
  /** Whether the queues are longer than what was read of them. */
  readonly isAtLeast: boolean;
}

/** What was read of one queue. */
export interface ReadQueue extends Pick<WaitingQueue, 'tenant'> {
  readonly waiting: readonly WaitingHint[];
  /** Whether the queue has more batches than these. */
  readonly isCut: boolean;
}

/**
 * The queues of one provider and the jobs that it has, from one pass over each of its indexes. Both
 * are eventually consistent. It answers for any number of batches, and a queue of 100,000 is not
 * read to its end.
 */
export class QueueView {
  readonly usage: ProviderUsage;
  readonly totals: QueueTotals;
  /** Jobs that have not ended. */
  readonly active: readonly ActiveHint[];
  readonly #places = new Map<string, Pick<QueuePlace, 'position' | 'tokensAhead'>>();
  readonly #queues = new Map<string, QueueEnd>();

  constructor(queues: readonly ReadQueue[], active: readonly ActiveHint[]) {
    let batches = 0;
    let oldestAt: number | undefined;
    let sum = 0;
    for (const { tenant = '', waiting, isCut } of queues) {
      if (waiting.length === 0) continue;
      const tokens = new Map<string, number>();
      for (const [index, hint] of waiting.entries()) {
        const { batchId, model = '', estimatedTokens, queuedAt } = hint;
        const tokensAhead = tokens.get(model) ?? 0;
        this.#places.set(batchId, { position: index + 1, tokensAhead });
        tokens.set(model, tokensAhead + estimatedTokens);
        sum += estimatedTokens;
        oldestAt = Math.min(oldestAt ?? queuedAt, queuedAt);
      }
      batches += waiting.length;
      this.#queues.set(tenant, { batches: waiting.length, tokens, isCut });
    }
    const isAtLeast = queues.some(({ isCut }) => isCut);
    this.totals = { batches, tokens: sum, oldestAt, isAtLeast };
    this.active = active.filter(({ isOver }) => !isOver);
    this.usage = usageOf(active);
  }

  /** @returns undefined for a batch that the whole queue does not show (yet) */
  placeOf({
    batchId,
    tenant = '',
    model = '',
  }: Pick<WaitingHint, 'batchId' | 'tenant' | 'model'>): QueuePlace | undefined {
    const place = this.#places.get(batchId);
    const queue = this.#queues.get(tenant);
    const others = this.#queues.size - (queue ? 1 : 0);
    if (place) return { ...place, isAtLeast: false, others };
    if (!queue?.isCut) return undefined;
    const tokensAhead = queue.tokens.get(model) ?? 0;
    return { position: queue.batches + 1, tokensAhead, isAtLeast: true, others };
  }
}

/** What is known of a queue behind what was read of it. */
interface QueueEnd {
  readonly batches: number;
  /** By model. */
  readonly tokens: ReadonlyMap<string, number>;
  readonly isCut: boolean;
}
