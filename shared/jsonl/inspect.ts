import { MAX_REASONS, type Reason, RefusedError, shortReason } from '../batch/errors.ts';
import type { Slice } from '../batch/input.ts';
import { type Problems, ProblemTally } from '../batch/problems.ts';
import { type InputDemands, LineInspection, type LineProblem } from './lineInspection.ts';
import { type Line, lineGroups } from './lines.ts';

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
