import { MAX_REASONS, type Reason, RefusedError, shortReason } from '../batch/errors.ts';
import type { TokenEstimate } from '../batch/ports.ts';
import type { Slice } from '../batch/record.ts';
import { checkRequest, type Request } from './checkRequest.ts';
import { type Conflict, FileRules } from './fileRules.ts';
import { type Line, lineGroups } from './lines.ts';
import { type JobLimits, Slicer } from './slices.ts';

export interface Inspection {
  readonly requests: number;
  readonly bytes: number;
  readonly endpoint: string;
  readonly model: string | undefined;
  readonly estimatedTokens: number;
  /** Of all answers, as far as the requests say. */
  readonly maxOutputTokens: number;
  /** Requests that do not say how long their answers may be, apart from those for embeddings. */
  readonly openEnded: number;
  /** What fits one job each; one if all does. */
  readonly slices: readonly Slice[];
  readonly problems: number;
  readonly firstReasons: readonly Reason[];
}

/** Of one request, which is held in memory a few times over. Images as data URLs stay far below. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a whole input, checks every line of it and cuts it into what fits one job each. Memory
 * grows by a few bytes a request, not with their size. Stops early only at a file that no number of
 * jobs could take.
 *
 * @param onProblem is told of every problem, in the order of the lines
 */
export async function inspectInput(
  source: AsyncIterable<Uint8Array>,
  demands: Demands,
  onProblem: (problem: LineProblem) => Promise<void>,
): Promise<Inspection> {
  const lines = new LineInspection(demands);
  const size = { bytes: 0 };
  const firstReasons: Reason[] = [];
  let problems = 0;
  const report = async ({ reason, customId }: LineProblem) => {
    problems += 1;
    if (firstReasons.length < MAX_REASONS) firstReasons.push(reason);
    await onProblem({ reason, customId });
  };

  try {
    for await (const group of lineGroups(counted(source, size), MAX_REQUEST_BYTES)) {
      if (startsWithMark(group)) {
        await report(BYTE_ORDER_MARK_PROBLEM);
        break;
      }
      // Hardly any line has one: an await for each would cost more than the line.
      for (const line of group) for (const problem of lines.add(line)) await report(problem);
      if (lines.isTooMuch) break;
    }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    // A line that is too long: what comes after it is not looked at.
    await report({ reason: error.reason });
  }
  if (lines.isTooMuch) await report(lines.tooMuch());
  if (lines.requests === 0 && problems === 0) await report(EMPTY_PROBLEM);
  return { ...lines.result(size.bytes), bytes: size.bytes, problems, firstReasons };
}

function startsWithMark([first]: readonly Line[]): boolean {
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

async function* counted(
  source: AsyncIterable<Uint8Array>,
  size: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    size.bytes += chunk.length;
    yield chunk;
  }
}

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
export interface LineProblem {
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
  add(line: Line): readonly LineProblem[] {
    const { number, offset, bytes } = line;
    this.requests += 1;
    const checked = checkRequest(line);
    if ('code' in checked) return [lineProblem(number, checked, checked.customId)];
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
    return found.map((conflict) => lineProblem(number, conflict, customId));
  }

  get isTooMuch(): boolean {
    return this.#slicer.count > MAX_SLICES;
  }

  tooMuch(): LineProblem {
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

function lineProblem(line: number, { code, message }: Conflict, customId?: string): LineProblem {
  return { reason: shortReason(code, `line ${line}: ${message}`, line), customId };
}

function tooLarge({ maxBytes }: JobLimits): Conflict {
  const message = `the request has as many bytes as a whole job may, ${maxBytes}: make it smaller`;
  return { code: 'request_too_large', message };
}

const NONE: readonly LineProblem[] = [];
