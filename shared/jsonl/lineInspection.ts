import { saturated } from '../batch/bounds.ts';
import { type Reason, RefusedError, shortReason } from '../batch/errors.ts';
import type { TokenEstimate } from '../batch/ports.ts';
import { type CheckedRequest, checkRequest } from './checkRequest.ts';
import { type Conflict, FileRules } from './fileRules.ts';
import { idLine } from './ids.ts';
import type { Line } from './lines.ts';
import type { ScannedRequest, ScanRequest } from './requestScan/requestScan.ts';
import { type JobLimits, MAX_SLICES, Slicer } from './slices.ts';

/** What a batch and its provider require of an input. */
export interface InputDemands {
  /** Default: the `url` of the first request. */
  readonly endpoint: string | undefined;
  /** The provider's endpoints. */
  readonly endpoints: readonly string[];
  /** The model of requests that name none. Default: they are refused. */
  readonly defaultModel?: string | undefined;
  /**
   * Absent: the provider takes any.
   *
   * @throws RefusedError for a request that the provider cannot express, or not beside earlier ones
   */
  readonly checkRequest?: ((request: CheckedRequest, line: number) => void) | undefined;
  readonly limits: JobLimits;
  readonly tokens: TokenEstimate;
  /** Saves the time to parse a line, where nothing else needs its body. Default: every line is parsed. */
  readonly scan?: ScanRequest | undefined;
}

/** A problem of a line, or of the file as a whole. */
export interface LineProblem {
  readonly reason: Reason;
  readonly customId?: string | undefined;
}

/** Collects what the inspection finds line by line. */
export class LineInspection {
  readonly #rules: FileRules;
  readonly #slicer: Slicer;
  readonly #checkForProvider: InputDemands['checkRequest'];
  readonly #scan: ScanRequest | undefined;
  readonly #limits: JobLimits;
  readonly #tokens: TokenEstimate;
  readonly #defaultModel: string | undefined;
  requests = 0;
  #isAbbreviated = false;
  #maxOutputTokens = 0;
  #openEnded = 0;
  #ids = '';

  constructor(demands: InputDemands) {
    const { endpoint, endpoints, limits, tokens, checkRequest: checkForProvider } = demands;
    this.#tokens = tokens;
    this.#defaultModel = demands.defaultModel;
    this.#rules = new FileRules(endpoint, endpoints);
    this.#slicer = new Slicer(limits);
    this.#limits = limits;
    this.#checkForProvider = checkForProvider;
    this.#scan = checkForProvider || !tokens.addLine ? undefined : demands.scan;
  }

  /**
   * Adds a line, and returns its problems. A check that breaks is a problem of the line, too: the
   * inspection would break at it again and again.
   */
  add(line: Line): readonly LineProblem[] {
    this.requests += 1;
    try {
      return this.#check(line);
    } catch (error) {
      // The text of the error may quote the request.
      const name = error instanceof Error ? error.name : typeof error;
      const message = `the request could not be checked (${name}): simplify it, or report this`;
      return [lineProblem(line.number, { code: 'unreadable_request', message })];
    }
  }

  #check(line: Line): readonly LineProblem[] {
    const { number, offset, bytes } = line;
    const checked = this.#scan?.(bytes) ?? checkRequest(line, this.#defaultModel);
    if ('code' in checked) return [lineProblem(number, checked, checked.customId)];
    const { customId, embeddingInputs, maxOutputTokens } = checked;
    const isParsed = 'body' in checked;
    const tokens = isParsed
      ? this.#tokens.add(checked.body, bytes.length + 1)
      : this.#tokensOf(checked, bytes);
    if (checked.isAbbreviated) this.#isAbbreviated = true;
    this.#maxOutputTokens = saturated(this.#maxOutputTokens + maxOutputTokens);
    if (maxOutputTokens === 0 && embeddingInputs === 0) this.#openEnded += 1;
    const id = idLine(customId);
    this.#ids += id;
    const idBytes = Buffer.byteLength(id);
    this.#slicer.add({
      offset,
      bytes: bytes.length,
      tokens,
      maxOutputTokens,
      embeddingInputs,
      idBytes,
    });
    const conflicts = this.#rules.add(checked, number);
    const refusals = isParsed ? this.#refusalsOf(checked, number) : NO_CONFLICTS;
    const isTooLarge = bytes.length >= this.#limits.maxBytes;
    if (conflicts.length === 0 && refusals.length === 0 && !isTooLarge) return NONE;
    const found = [
      ...conflicts,
      ...refusals,
      ...(isTooLarge ? [requestTooLarge(this.#limits)] : []),
    ];
    return found.map((conflict) => lineProblem(number, conflict, customId));
  }

  /** The part of the list of ids that was added since the last call. */
  takeIds(): Uint8Array {
    const ids = this.#ids;
    this.#ids = '';
    return Buffer.from(ids);
  }

  get needsTooManyJobs(): boolean {
    return this.#slicer.count > MAX_SLICES;
  }

  tooManyJobs(): LineProblem {
    const { maxRequests, maxBytes } = this.#limits;
    const message = `the file needs over ${MAX_SLICES} jobs of at most ${maxRequests} requests and ${maxBytes} bytes: send it as several batches`;
    return { reason: shortReason('too_many_parts', message) };
  }

  /** @param bytes size of the whole file */
  result(bytes: number) {
    const { requests } = this;
    const { endpoint, model } = this.#rules;
    const slices = this.#slicer.close(bytes);
    const estimatedTokens = saturated(this.#tokens.total());
    const maxOutputTokens = this.#maxOutputTokens;
    return {
      ...{ requests, endpoint, model, isAbbreviated: this.#isAbbreviated },
      ...{ estimatedTokens, maxOutputTokens, openEnded: this.#openEnded, slices },
    };
  }

  #tokensOf({ notAscii }: ScannedRequest, line: Buffer): number {
    const size = { bytes: line.length + 1, notAscii };
    return this.#tokens.addLine?.(size, () => JSON.parse(line.toString()).body) ?? 0;
  }

  #refusalsOf(request: CheckedRequest, line: number): readonly Conflict[] {
    try {
      this.#checkForProvider?.(request, line);
      return NO_CONFLICTS;
    } catch (error) {
      if (error instanceof RefusedError) return [error.reason];
      throw error;
    }
  }
}

function lineProblem(line: number, { code, message }: Conflict, customId?: string): LineProblem {
  return { reason: shortReason(code, `line ${line}: ${message}`, line), customId };
}

function requestTooLarge({ maxBytes }: JobLimits): Conflict {
  const message = `the request has as many bytes as a whole job may, ${maxBytes}: make it smaller`;
  return { code: 'request_too_large', message };
}

const NO_CONFLICTS: readonly Conflict[] = [];
const NONE: readonly LineProblem[] = [];
