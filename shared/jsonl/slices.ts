import type { Limits } from '../batch/job.ts';
import type { Slice } from '../batch/record.ts';

/** What one job may hold. */
export type JobLimits = Pick<
  Limits,
  'maxRequests' | 'maxBytes' | 'maxEmbeddingInputs' | 'maxEnqueuedTokens' | 'maxEnqueuedRequests'
>;

/** One request, as far as it counts. */
export interface Weight {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  readonly tokens: number;
  /** Of the answers; 0 if the request does not say. */
  readonly maxOutputTokens: number;
  readonly embeddingInputs: number;
}

/** Cuts a file into slices that fit a job each: whole lines, in order, as few as there can be. */
export class Slicer {
  readonly #limits: JobLimits;
  readonly #slices: Slice[] = [];
  #start = 0;
  #requests = 0;
  #tokens = 0;
  #maxOutputTokens = 0;
  #embeddingInputs = 0;

  constructor(limits: JobLimits) {
    this.#limits = limits;
  }

  add(weight: Weight): void {
    if (this.#requests > 0 && !this.#fits(weight)) this.#cut(weight.offset);
    this.#requests += 1;
    this.#tokens += weight.tokens;
    this.#maxOutputTokens += weight.maxOutputTokens;
    this.#embeddingInputs += weight.embeddingInputs;
  }

  /** Slices so far, the open one included. */
  get count(): number {
    return this.#slices.length + 1;
  }

  /** @param bytes of the whole file */
  close(bytes: number): readonly Slice[] {
    if (this.#requests > 0) this.#cut(bytes);
    return this.#slices;
  }

  #fits({ offset, bytes, tokens, embeddingInputs }: Weight): boolean {
    const { maxRequests, maxBytes, maxEnqueuedTokens } = this.#limits;
    const { maxEmbeddingInputs: maxInputs = Number.POSITIVE_INFINITY } = this.#limits;
    const { maxEnqueuedRequests: maxEnqueued = Number.POSITIVE_INFINITY } = this.#limits;
    return (
      this.#requests < Math.min(maxRequests, maxEnqueued) &&
      // With the line end that it may have.
      offset + bytes + 1 - this.#start <= maxBytes &&
      this.#tokens + tokens <= maxEnqueuedTokens &&
      this.#embeddingInputs + embeddingInputs <= maxInputs
    );
  }

  #cut(end: number): void {
    this.#slices.push({
      start: this.#start,
      end,
      requests: this.#requests,
      estimatedTokens: Math.ceil(this.#tokens),
      ...(this.#maxOutputTokens > 0 ? { maxOutputTokens: this.#maxOutputTokens } : {}),
    });
    this.#start = end;
    this.#requests = 0;
    this.#tokens = 0;
    this.#maxOutputTokens = 0;
    this.#embeddingInputs = 0;
  }
}
