import type { ActiveHint, WaitingHint } from '../batch/ports.ts';
import { type ProviderUsage, usageOf } from './admission.ts';

/** Where a batch stands in the queue of its provider. */
export interface QueuePlace {
  /** From 1. */
  readonly position: number;
  /** Estimated prompt tokens of the batches of its model that are before it. */
  readonly tokensAhead: number;
  /** Whether the queue is longer than what was read of it, so that the numbers are the least. */
  readonly isAtLeast: boolean;
}

/** The queue of a provider as a whole. */
export interface QueueTotals {
  readonly batches: number;
  /** Estimated prompt tokens. */
  readonly tokens: number;
  /** Start of the longest wait, in milliseconds since 1970. Undefined: nothing waits. */
  readonly oldestAt: number | undefined;
  /** Whether the queue is longer than what was read of it. */
  readonly isAtLeast: boolean;
}

/**
 * The queue of one provider and the jobs that it has, from one pass over each of its indexes. Both
 * are eventually consistent. It answers for any number of batches, and a queue of 100,000 is not
 * read to its end.
 */
export class QueueView {
  readonly usage: ProviderUsage;
  readonly totals: QueueTotals;
  /** Jobs that have not ended. */
  readonly active: readonly ActiveHint[];
  readonly #places = new Map<string, Omit<QueuePlace, 'isAtLeast'>>();
  readonly #tokens = new Map<string, number>();

  /** @param isCut whether the queue has more batches than `waiting` */
  constructor(waiting: readonly WaitingHint[], active: readonly ActiveHint[], isCut: boolean) {
    let oldestAt: number | undefined;
    let sum = 0;
    for (const [index, hint] of waiting.entries()) {
      const { batchId, model = '', estimatedTokens, queuedAt } = hint;
      const tokensAhead = this.#tokens.get(model) ?? 0;
      this.#places.set(batchId, { position: index + 1, tokensAhead });
      this.#tokens.set(model, tokensAhead + estimatedTokens);
      sum += estimatedTokens;
      oldestAt = Math.min(oldestAt ?? queuedAt, queuedAt);
    }
    this.totals = { batches: waiting.length, tokens: sum, oldestAt, isAtLeast: isCut };
    this.active = active.filter(({ isOver }) => !isOver);
    this.usage = usageOf(active);
  }

  /** @returns undefined for a batch that the whole queue does not show (yet) */
  placeOf({ batchId, model = '' }: Pick<WaitingHint, 'batchId' | 'model'>): QueuePlace | undefined {
    const place = this.#places.get(batchId);
    const { batches, isAtLeast } = this.totals;
    if (place) return { ...place, isAtLeast: false };
    if (!isAtLeast) return undefined;
    return { position: batches + 1, tokensAhead: this.#tokens.get(model) ?? 0, isAtLeast };
  }
}
