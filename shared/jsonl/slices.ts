import { saturated } from '../batch/bounds.ts';
import type { JobSize, Slice } from '../batch/input.ts';
import type { Limits } from '../batch/job.ts';
import type { ByteRange, TokenEstimate } from '../batch/ports.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { checkRequest } from './checkRequest.ts';
import { idLine } from './ids.ts';
import { lineGroups } from './lines.ts';

/** The slices are stored in the record, and every sweep reads them. */
export const MAX_SLICES = 200;

/** Limits of one job. */
export type JobLimits = Pick<
  Limits,
  'maxRequests' | 'maxBytes' | 'maxEmbeddingInputs' | 'maxEnqueuedTokens' | 'maxEnqueuedRequests'
>;

/** What one request adds to a job. */
interface RequestWeight {
  /** Position of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  readonly tokens: number;
  /** Limit of its answers together; 0 if the request sets none. */
  readonly maxOutputTokens: number;
  readonly embeddingInputs: number;
  /** Bytes of its line in the list of ids. */
  readonly idBytes: number;
}

/** Cuts a file into as few slices as possible that each fit one job: whole lines, in order. */
export class Slicer {
  readonly #limits: JobLimits;
  readonly #slices: Slice[] = [];
  #start: number;
  #requests = 0;
  #tokens = 0;
  #maxOutputTokens = 0;
  #embeddingInputs = 0;
  #idBytes = 0;

  /** @param start where the first request may begin in the file */
  constructor(limits: JobLimits, start = 0) {
    this.#limits = limits;
    this.#start = start;
  }

  add(weight: RequestWeight): void {
    if (this.#requests > 0 && !this.#fits(weight)) this.#cut(weight.offset);
    this.#requests += 1;
    this.#tokens += weight.tokens;
    this.#maxOutputTokens = saturated(this.#maxOutputTokens + weight.maxOutputTokens);
    this.#embeddingInputs += weight.embeddingInputs;
    this.#idBytes += weight.idBytes;
  }

  /** The number of slices, including the open one. */
  get count(): number {
    return this.#slices.length + 1;
  }

  /** @param end size of the whole file, or where the last slice ends in it */
  close(end: number): readonly Slice[] {
    if (this.#requests > 0) this.#cut(end);
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
      estimatedTokens: Math.ceil(saturated(this.#tokens)),
      maxOutputTokens: this.#maxOutputTokens || undefined,
      idBytes: this.#idBytes,
    };
    this.#slices.push(omitUndefined(slice));
    this.#start = end;
    this.#requests = 0;
    this.#tokens = 0;
    this.#maxOutputTokens = 0;
    this.#embeddingInputs = 0;
    this.#idBytes = 0;
  }
}

/**
 * Cuts a range of an input that was inspected before into slices of at most this size, and into two
 * at least. If it would take too many, they are larger, and those that are refused are split again.
 *
 * @param chunks the bytes of the range
 * @param defaultModel the model of requests that name none
 */
export async function sliceRange(
  chunks: AsyncIterable<Uint8Array>,
  { start, end }: ByteRange,
  size: JobSize,
  tokens: TokenEstimate,
  defaultModel?: string,
): Promise<readonly Slice[]> {
  const weights: RequestWeight[] = [];
  for await (const group of lineGroups(chunks)) {
    for (const line of group) {
      const request = checkRequest(line, defaultModel);
      if ('code' in request) throw new Error(`a line that was accepted is not: ${request.message}`);
      const { customId, body, maxOutputTokens, embeddingInputs } = request;
      const bytes = line.bytes.length;
      const estimated = tokens.add(body, bytes + 1);
      const offset = start + line.offset;
      const idBytes = Buffer.byteLength(idLine(customId));
      weights.push({ offset, bytes, tokens: estimated, maxOutputTokens, embeddingInputs, idBytes });
    }
  }
  const total = weights.reduce((sum, weight) => sum + weight.tokens, 0);
  const share = (part: number): WholeSize => ({
    tokens: total * part,
    requests: Math.ceil(weights.length * part),
  });
  const slices = cut(weights, { start, end }, largest(size, share(SMALLEST_SHARE)));
  // By this estimate it fits whole, and it was refused all the same.
  return slices.length > 1 ? slices : cut(weights, { start, end }, share(1 / 2));
}

/** A size that bounds both. */
interface WholeSize {
  readonly tokens: number;
  readonly requests: number;
}

/** Two slices in a row together exceed one of the two limits: so there are no more than 200. */
const SMALLEST_SHARE = 4 / MAX_SLICES;

function largest(
  { tokens = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY }: JobSize,
  least: WholeSize,
): WholeSize {
  return {
    tokens: Math.max(tokens, least.tokens),
    requests: Math.max(requests, least.requests),
  };
}

function cut(
  weights: readonly RequestWeight[],
  { start, end }: ByteRange,
  { tokens, requests }: WholeSize,
): readonly Slice[] {
  const maxBytes = Number.POSITIVE_INFINITY;
  const slicer = new Slicer({ maxRequests: requests, maxEnqueuedTokens: tokens, maxBytes }, start);
  for (const weight of weights) slicer.add(weight);
  return slicer.close(end);
}
