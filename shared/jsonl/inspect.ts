import { isUtf8 } from 'node:buffer';
import type { Limits } from '../batch/limits.ts';
import { MAX_REASONS, type Reason, shortReason } from '../batch/reason.ts';
import { checkRequest, type Request } from './checkRequest.ts';
import { type Line, lineGroups } from './lines.ts';

/** What the batch and its provider ask of an input. */
export interface Demands {
  /** Default: the `url` of the first request. */
  readonly endpoint: string | undefined;
  /** The provider's. */
  readonly endpoints: readonly string[];
  readonly limits: Pick<Limits, 'maxRequests' | 'maxBytes'>;
}

/** A bad line, or what is wrong with the file as a whole. */
export interface Problem {
  readonly reason: Reason;
  readonly customId?: string | undefined;
}

export interface Inspection {
  readonly requests: number;
  readonly bytes: number;
  readonly endpoint: string;
  readonly model: string | undefined;
  readonly estimatedTokens: number;
  readonly problems: number;
  readonly firstReasons: readonly Reason[];
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a whole input and checks every line of it. Memory grows with the number of requests, by
 * their ids, not with their size. Stops early only at a file that is larger than allowed.
 *
 * @param onProblem is told of every problem, in the order of the lines
 */
export async function inspectInput(
  source: AsyncIterable<Uint8Array>,
  demands: Demands,
  onProblem: (problem: Problem) => Promise<void>,
): Promise<Inspection> {
  const { limits, endpoints } = demands;
  const firstReasons: Reason[] = [];
  const firstLines = new Map<string, number>();
  let problems = 0;
  let bytes = 0;
  let requests = 0;
  let tokens = 0;
  let { endpoint } = demands;
  let model: string | undefined;

  const report = async (code: string, message: string, line?: number, customId?: string) => {
    const reason = shortReason(code, message, line);
    problems += 1;
    if (firstReasons.length < MAX_REASONS) firstReasons.push(reason);
    await onProblem({ reason, customId });
  };

  const accept = async ({ customId, url, model: its }: Request, { number, bytes: line }: Line) => {
    const first = firstLines.get(customId);
    if (first !== undefined) {
      const message = `line ${number}: custom_id ${quote(customId)} is that of line ${first} too: make it unique`;
      await report('duplicate_custom_id', message, number, customId);
    } else {
      firstLines.set(customId, number);
    }
    endpoint ??= url;
    model ??= its;
    if (url !== endpoint) {
      const message = `line ${number}: url ${quote(url)} is not the batch's endpoint ${quote(endpoint)}`;
      await report('url_mismatch', message, number, customId);
    } else if (!endpoints.includes(url)) {
      const message = `line ${number}: url ${quote(url)} is not one of ${endpoints.join(', ')}`;
      await report('unsupported_url', message, number, customId);
    }
    if (its !== model) {
      const message = `line ${number}: model ${quote(its)} is not ${quote(model)}: one batch, one model`;
      await report('model_mismatch', message, number, customId);
    }
    tokens += estimateTokens(line.length);
  };

  const inspectLine = async (line: Line) => {
    const { number } = line;
    if (!isUtf8(line.bytes)) {
      return report('invalid_utf8', `line ${number} is not UTF-8: save the file as UTF-8`, number);
    }
    const checked = checkRequest(line);
    if ('code' in checked) {
      const message = `line ${number}: ${checked.message}`;
      return report(checked.code, message, number, checked.customId);
    }
    return accept(checked, line);
  };

  for await (const group of lineGroups(countBytes(source, (length) => (bytes += length)))) {
    const [first] = group;
    if (first?.number === 1 && first.bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
      const message = 'the file starts with a byte order mark: save it as UTF-8 without one';
      await report('byte_order_mark', message, 1);
      break;
    }
    for (const line of group) {
      requests += 1;
      if (requests > limits.maxRequests) break;
      await inspectLine(line);
    }
    if (requests > limits.maxRequests || bytes > limits.maxBytes) break;
  }
  if (requests > limits.maxRequests) {
    const message = `the file has over ${limits.maxRequests} requests: split it`;
    await report('too_many_requests', message);
  } else if (bytes > limits.maxBytes) {
    await report('file_too_large', `the file has over ${limits.maxBytes} bytes: split it`);
  } else if (requests === 0 && problems === 0) {
    await report('empty_file', 'the file has no requests: put one JSON object on each line');
  }
  return {
    requests,
    bytes,
    endpoint: endpoint ?? '',
    model,
    estimatedTokens: tokens,
    problems,
    firstReasons,
  };
}

async function* countBytes(
  source: AsyncIterable<Uint8Array>,
  count: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

/** English text has about four bytes to a token. */
function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / 4);
}

/** Ids, models and urls may be named; never what a request says. */
function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
