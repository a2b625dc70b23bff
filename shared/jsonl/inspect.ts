import { RefusedError } from '../batch/errors.ts';
import type { Slice } from '../batch/input.ts';
import { MAX_REASONS, type Reason, shortReason } from '../batch/reason.ts';
import { type Demands, LineInspection, type Problem } from './lineInspection.ts';
import { type Line, lineGroups } from './lines.ts';

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
  onProblem: (problem: Problem) => Promise<void>,
): Promise<Inspection> {
  const lines = new LineInspection(demands);
  const size = { bytes: 0 };
  const firstReasons: Reason[] = [];
  let problems = 0;
  const report = async ({ reason, customId }: Problem) => {
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

const BYTE_ORDER_MARK_PROBLEM: Problem = {
  reason: shortReason(
    'byte_order_mark',
    'the file starts with a byte order mark: save it as UTF-8 without one',
    1,
  ),
};
const EMPTY_PROBLEM: Problem = {
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
