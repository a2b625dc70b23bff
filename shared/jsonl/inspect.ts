import { isUtf8 } from 'node:buffer';
import { RefusedError } from '../batch/errors.ts';
import type { Limits } from '../batch/limits.ts';
import { MAX_REASONS, type Reason, shortReason } from '../batch/reason.ts';
import { checkRequest } from './checkRequest.ts';
import { FileRules } from './fileRules.ts';
import { type Line, lineGroups } from './lines.ts';

/** What the batch and its provider ask of an input. */
export interface Demands {
  /** Default: the `url` of the first request. */
  readonly endpoint: string | undefined;
  /** The provider's. */
  readonly endpoints: readonly string[];
  readonly limits: Pick<Limits, 'maxRequests' | 'maxBytes' | 'maxEmbeddingInputs'>;
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

/** Of one request, which is held in memory a few times over. Images as data URLs stay far below. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a whole input and checks every line of it. Memory grows with the number of requests, by
 * their ids, not with their size. Stops early only at a file that is larger than allowed.
 *
 * @param onProblem is told of every problem, in the order of the lines
 */
export async function inspectInput(
  source: AsyncIterable<Uint8Array>,
  { endpoint, endpoints, limits }: Demands,
  onProblem: (problem: Problem) => Promise<void>,
): Promise<Inspection> {
  const rules = new FileRules(endpoint, endpoints);
  const size: Size = { requests: 0, bytes: 0, embeddingInputs: 0 };
  const firstReasons: Reason[] = [];
  let problems = 0;
  let estimatedTokens = 0;

  const report = async (code: string, message: string, line?: number, customId?: string) => {
    const reason = shortReason(code, message, line);
    problems += 1;
    if (firstReasons.length < MAX_REASONS) firstReasons.push(reason);
    await onProblem({ reason, customId });
  };

  const inspectLine = async (line: Line) => {
    const { number, bytes } = line;
    const checked = isUtf8(bytes) ? checkRequest(line) : NOT_UTF8;
    if ('code' in checked) {
      const { code, message, customId } = checked;
      return report(code, `line ${number}: ${message}`, number, customId);
    }
    size.embeddingInputs += checked.embeddingInputs;
    estimatedTokens += estimateTokens(bytes.length);
    for (const { code, message } of rules.add(checked, number)) {
      await report(code, `line ${number}: ${message}`, number, checked.customId);
    }
  };

  try {
    for await (const group of lineGroups(counted(source, size), MAX_REQUEST_BYTES)) {
      const [first] = group;
      if (first?.number === 1 && first.bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
        const message = 'the file starts with a byte order mark: save it as UTF-8 without one';
        await report('byte_order_mark', message, 1);
        break;
      }
      for (const line of group) {
        size.requests += 1;
        if (size.requests > limits.maxRequests) break;
        await inspectLine(line);
      }
      if (excessOf(size, limits)) break;
    }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    // A line that is too long: what comes after it is not looked at.
    const { code, message, line } = error.reason;
    await report(code, message, line);
  }
  const excess = excessOf(size, limits);
  if (excess) await report(excess.code, excess.message);
  if (size.requests === 0 && problems === 0) {
    await report('empty_file', 'the file has no requests: put one JSON object on each line');
  }
  const { requests, bytes } = size;
  const { endpoint: found, model } = rules;
  return { requests, bytes, endpoint: found, model, estimatedTokens, problems, firstReasons };
}

interface Size {
  requests: number;
  bytes: number;
  embeddingInputs: number;
}

const NOT_UTF8 = {
  code: 'invalid_utf8',
  message: 'is not UTF-8: save the file as UTF-8',
  customId: undefined,
};

function excessOf(
  { requests, bytes, embeddingInputs }: Size,
  { maxRequests, maxBytes, maxEmbeddingInputs = Number.POSITIVE_INFINITY }: Demands['limits'],
): { code: string; message: string } | undefined {
  if (requests > maxRequests) {
    return {
      code: 'too_many_requests',
      message: `the file has over ${maxRequests} requests: split it`,
    };
  }
  if (bytes > maxBytes) {
    return { code: 'file_too_large', message: `the file has over ${maxBytes} bytes: split it` };
  }
  if (embeddingInputs > maxEmbeddingInputs) {
    const message = `the file has over ${maxEmbeddingInputs} texts to embed: split it`;
    return { code: 'too_many_embedding_inputs', message };
  }
  return undefined;
}

async function* counted(source: AsyncIterable<Uint8Array>, size: Size): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    size.bytes += chunk.length;
    yield chunk;
  }
}

/** English text has about four bytes to a token. */
function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / 4);
}
