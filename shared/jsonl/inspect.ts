import { saturated } from '../batch/bounds.ts';
import { MAX_REASONS, type Reason, RefusedError, shortReason } from '../batch/errors.ts';
import type { Slice } from '../batch/input.ts';
import type { TokenEstimate } from '../batch/ports.ts';
import { type Problems, ProblemTally } from '../batch/problems.ts';
import { type CheckedRequest, checkRequest } from './checkRequest.ts';
import { type Conflict, FileRules } from './fileRules.ts';
import { idLine } from './ids.ts';
import { type Line, lineGroups } from './lines.ts';
import { type JobLimits, MAX_SLICES, Slicer } from './slices.ts';

export interface Inspection {
  readonly requests: number;
  readonly bytes: number;
  readonly endpoint: string;
  readonly model: string | undefined;
  /** Whether a line leaves out the version of its url, or the model. */
  readonly isAbbreviated: boolean;
  readonly estimatedTokens: number;
  /** Token limits of all answers together, where requests set one. */
  readonly maxOutputTokens: number;
  /** The number of requests that set no limit for their answers; embeddings do not count. */
  readonly openEnded: number;
  /** Slices that each fit one job. */
  readonly slices: readonly Slice[];
  /** Undefined if there are none. */
  readonly problems: Problems | undefined;
  readonly firstReasons: readonly Reason[];
}

/** A request is held in memory several times. Images as data URLs stay far below this. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a whole input, checks every line and cuts it into slices that each fit one job. Memory
 * grows by a few bytes per request, not with the size of requests. Stops early only at a file that
 * needs too many jobs, or begins with a byte order mark, or has a line that is too long.
 *
 * @param onProblem called with every problem, in the order of the lines
 * @param onIds called with the list of ids, in pieces of whole lines. Only of an input without
 *   problems is it complete
 */
export async function inspectInput(
  source: AsyncIterable<Uint8Array>,
  demands: InputDemands,
  onProblem: (problem: LineProblem) => Promise<void>,
  onIds: (lines: Uint8Array) => Promise<void> = async () => {},
): Promise<Inspection> {
  const lines = new LineInspection(demands);
  const size = { bytes: 0 };
  const firstReasons: Reason[] = [];
  const tally = new ProblemTally();
  const report = async ({ reason, customId }: LineProblem) => {
    tally.add(reason);
    if (firstReasons.length < MAX_REASONS) firstReasons.push(reason);
    await onProblem({ reason, customId });
  };

  try {
    for await (const group of lineGroups(countBytes(source, size), MAX_REQUEST_BYTES)) {
      if (startsWithByteOrderMark(group)) {
        await report(BYTE_ORDER_MARK_PROBLEM);
        break;
      }
      // Few lines have a problem: an await for each line would cost more than the line.
      for (const line of group) for (const problem of lines.add(line)) await report(problem);
      await onIds(lines.takeIds());
      if (lines.needsTooManyJobs) break;
    }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    // A line is too long: the rest of the file is not checked.
    await report({ reason: error.reason });
  }
  if (lines.needsTooManyJobs) await report(lines.tooManyJobs());
  if (lines.requests === 0 && tally.total === 0) await report(EMPTY_PROBLEM);
  const problems = tally.total === 0 ? undefined : tally.summary();
  return { ...lines.result(size.bytes), bytes: size.bytes, problems, firstReasons };
}

function startsWithByteOrderMark([first]: readonly Line[]): boolean {
  return first?.number === 1 && first.bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
}

const BYTE_ORDER_MARK_PROBLEM: LineProblem = {
  reason: shortReason(
    'byte_order_mark',
    'the file starts with a byte order mark: save it as UTF-8 without one',
    1,
  ),
};
const EMPTY_PROBLEM: LineProblem = {
  reason: shortReason('empty_file', 'the file has no requests: put one JSON object on each line'),
};

async function* countBytes(
  source: AsyncIterable<Uint8Array>,
  size: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    size.bytes += chunk.length;
    yield chunk;
  }
}

/** What a batch and its provider require of an input. */
export interface InputDemands {
  /** Default: the `url` of the first request. */
  readonly endpoint: string | undefined;
  /** The provider's endpoints. */
  readonly endpoints: readonly string[];
  /** The model of requests that name none. Default: they are refused. */
  readonly defaultModel?: string | undefined;
  /** @throws RefusedError for a request that the provider cannot express, or not beside earlier ones */
  readonly checkRequest?: ((request: CheckedRequest, line: number) => void) | undefined;
  readonly limits: JobLimits;
  readonly tokens: TokenEstimate;
}

/** A problem of a line, or of the file as a whole. */
export interface LineProblem {
  readonly reason: Reason;
  readonly customId?: string | undefined;
}

/** Collects what the inspection finds line by line. */
class LineInspection {
  readonly #rules: FileRules;
  readonly #slicer: Slicer;
  readonly #checkForProvider: (request: CheckedRequest, line: number) => void;
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
    this.#checkForProvider = checkForProvider ?? (() => {});
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
    const checked = checkRequest(line, this.#defaultModel);
    if ('code' in checked) return [lineProblem(number, checked, checked.customId)];
    const { customId, embeddingInputs, maxOutputTokens } = checked;
    if (checked.isAbbreviated) this.#isAbbreviated = true;
    const tokens = this.#tokens.add(checked.body, bytes.length + 1);
    this.#maxOutputTokens = saturated(this.#maxOutputTokens + maxOutputTokens);
    if (maxOutputTokens === 0 && embeddingInputs === 0) this.#openEnded += 1;
    const id = idLine(customId);
    this.#ids += id;
    const idBytes = Buffer.byteLength(id);
    const size = { bytes: bytes.length, tokens, maxOutputTokens, embeddingInputs, idBytes };
    this.#slicer.add({ offset, ...size });
    const conflicts = this.#rules.add(checked, number);
    const refusals = this.#refusalOf(checked, number);
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

  #refusalOf(request: CheckedRequest, line: number): readonly Conflict[] {
    try {
      this.#checkForProvider(request, line);
      return [];
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

const NONE: readonly LineProblem[] = [];
