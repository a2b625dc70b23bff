import type { Limits } from '../batch/job.ts';
import type { Slice } from '../batch/record.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** Limits of one job. */
export type JobLimits = Pick<
  Limits,
  'maxRequests' | 'maxBytes' | 'maxEmbeddingInputs' | 'maxEnqueuedTokens' | 'maxEnqueuedRequests'
>;

/** What one request adds to a job. */
export interface RequestWeight {
  /** Position of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  readonly tokens: number;
  /** Limit of its answers together; 0 if the request sets none. */
  readonly maxOutputTokens: number;
  readonly embeddingInputs: number;
}

/** Cuts a file into as few slices as possible that each fit one job: whole lines, in order. */
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

  add(weight: RequestWeight): void {
    if (this.#requests > 0 && !this.#fits(weight)) this.#cut(weight.offset);
    this.#requests += 1;
    this.#tokens += weight.tokens;
    this.#maxOutputTokens += weight.maxOutputTokens;
    this.#embeddingInputs += weight.embeddingInputs;
  }

  /** The number of slices, including the open one. */
  get count(): number {
    return this.#slices.length + 1;
  }

  /** @param bytes size of the whole file */
  close(bytes: number): readonly Slice[] {
    if (this.#requests > 0) this.#cut(bytes);
    return this.#slices;
  }

  #fits({ offset, bytes, tokens, embeddingInputs }: RequestWeight): boolean {
    const { maxRequests, maxBytes, maxEnqueuedTokens } = this.#limits;
    const { maxEmbeddingInputs: maxInputs = Number.POSITIVE_INFINITY } = this.#limits;
    const { maxEnqueuedRequests: maxEnqueued = Number.POSITIVE_INFINITY } = this.#limits;
    return (
      this.#requests < Math.min(maxRequests, maxEnqueued) &&
      // Counts the line end that the request may have.
      offset + bytes + 1 - this.#start <= maxBytes &&
      this.#tokens + tokens <= maxEnqueuedTokens &&
      this.#embeddingInputs + embeddingInputs <= maxInputs
    );
  }

  #cut(end: number): void {
    const slice = {
      start: this.#start,
      end,
      requests: this.#requests,
      estimatedTokens: Math.ceil(this.#tokens),
      maxOutputTokens: this.#maxOutputTokens || undefined,
    };
    this.#slices.push(omitUndefined(slice));
    this.#start = end;
    this.#requests = 0;
    this.#tokens = 0;
    this.#maxOutputTokens = 0;
    this.#embeddingInputs = 0;
  }
}
