import { RefusedError } from '../batch/errors.ts';
import type { TokenEstimate } from '../batch/ports.ts';
import { type Reason, shortReason } from '../batch/reason.ts';
import { checkRequest, type Request } from './checkRequest.ts';
import { type Conflict, FileRules } from './fileRules.ts';
import type { Line } from './lines.ts';
import { type JobLimits, Slicer } from './slices.ts';

/** What the batch and its provider ask of an input. */
export interface Demands {
  /** Default: the `url` of the first request. */
  readonly endpoint: string | undefined;
  /** The provider's. */
  readonly endpoints: readonly string[];
  /** Throws RefusedError for a request that the provider cannot express. */
  readonly checkRequest?: ((request: Request) => void) | undefined;
  readonly limits: JobLimits;
  readonly tokens: TokenEstimate;
}

/** A bad line, or what is wrong with the file as a whole. */
export interface Problem {
  readonly reason: Reason;
  readonly customId?: string | undefined;
}

/** The slices must fit the record, and be looked at in every sweep. */
const MAX_SLICES = 200;

/** What is found line by line. */
export class LineInspection {
  readonly #rules: FileRules;
  readonly #slicer: Slicer;
  readonly #checkForProvider: (request: Request) => void;
  readonly #limits: JobLimits;
  readonly #tokens: TokenEstimate;
  requests = 0;
  #maxOutputTokens = 0;
  #openEnded = 0;

  constructor(demands: Demands) {
    const { endpoint, endpoints, limits, tokens, checkRequest: checkForProvider } = demands;
    this.#tokens = tokens;
    this.#rules = new FileRules(endpoint, endpoints);
    this.#slicer = new Slicer(limits);
    this.#limits = limits;
    this.#checkForProvider = checkForProvider ?? (() => {});
  }

  /** Takes a line in; what is wrong with it, if anything. */
  add(line: Line): readonly Problem[] {
    const { number, offset, bytes } = line;
    this.requests += 1;
    const checked = checkRequest(line);
    if ('code' in checked) return [problemAt(number, checked, checked.customId)];
    const { customId, embeddingInputs, maxOutputTokens } = checked;
    const tokens = this.#tokens.add(checked.body, bytes.length + 1);
    this.#maxOutputTokens += maxOutputTokens;
    if (maxOutputTokens === 0 && embeddingInputs === 0) this.#openEnded += 1;
    this.#slicer.add({ offset, bytes: bytes.length, tokens, maxOutputTokens, embeddingInputs });
    const conflicts = this.#rules.add(checked, number);
    const refusals = this.#refusalOf(checked);
    const isTooLarge = bytes.length >= this.#limits.maxBytes;
    if (conflicts.length === 0 && refusals.length === 0 && !isTooLarge) return NONE;
    const found = [...conflicts, ...refusals, ...(isTooLarge ? [tooLarge(this.#limits)] : [])];
    return found.map((conflict) => problemAt(number, conflict, customId));
  }

  get isTooMuch(): boolean {
    return this.#slicer.count > MAX_SLICES;
  }

  tooMuch(): Problem {
    const { maxRequests, maxBytes } = this.#limits;
    const message = `the file needs over ${MAX_SLICES} jobs of at most ${maxRequests} requests and ${maxBytes} bytes: send it as several batches`;
    return { reason: shortReason('too_many_parts', message) };
  }

  /** @param bytes of the whole file */
  result(bytes: number) {
    const { requests } = this;
    const { endpoint, model } = this.#rules;
    const slices = this.#slicer.close(bytes);
    const estimatedTokens = this.#tokens.total();
    const maxOutputTokens = this.#maxOutputTokens;
    const openEnded = this.#openEnded;
    return { requests, endpoint, model, estimatedTokens, maxOutputTokens, openEnded, slices };
  }

  #refusalOf(request: Request): readonly Conflict[] {
    try {
      this.#checkForProvider(request);
      return [];
    } catch (error) {
      if (error instanceof RefusedError) return [error.reason];
      throw error;
    }
  }
}

function problemAt(line: number, { code, message }: Conflict, customId?: string): Problem {
  return { reason: shortReason(code, `line ${line}: ${message}`, line), customId };
}

function tooLarge({ maxBytes }: JobLimits): Conflict {
  const message = `the request has as many bytes as a whole job may, ${maxBytes}: make it smaller`;
  return { code: 'request_too_large', message };
}

const NONE: readonly Problem[] = [];
