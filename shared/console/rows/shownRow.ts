import { isUtf8 } from 'node:buffer';
import type { Usage } from '../../batch/job.ts';
import type { RowOutcome } from '../../batch/ledger.ts';
import { failureOf } from '../../jsonl/failureOf.ts';
import { classifyRow, parseRow, type ResultRow, usageOfRow } from '../../jsonl/rows.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { FileLine } from './lineReader.ts';
import {
  errorMessageOf,
  type Passage,
  passagesOfAnswer,
  passagesOfRequest,
  textOf,
} from './readable.ts';
import type { FileName, WalkedRow } from './rowWalk.ts';

/** A longer line is shown cut, because a page is sent and drawn as a whole. */
const MAX_WHOLE_BYTES = 1024 * 1024;
/** What is shown of it. */
const CUT_BYTES = 16 * 1024;
/** Characters of a request, an answer or an error in the line of a table. */
const SHORT = 300;

/** A line of a file, as the page shows it. */
export interface ShownLine {
  readonly file: FileName;
  /** Position of its first byte in the file, by which it is downloaded. */
  readonly at: number;
  /** Its size. */
  readonly bytes: number;
  /** The line, or its beginning. Bytes that are no UTF-8 are replaced. */
  readonly text: string;
  readonly isCut: boolean;
  /** What is wrong with it. Absent if nothing is. */
  readonly problem?: 'not_json' | 'not_utf8';
}

/** A request beside its row. */
export interface ShownRow {
  /** Absent if neither of the two lines can be read. */
  readonly customId?: string;
  /** `none`: it has no row. */
  readonly outcome: RowOutcome | 'none';
  readonly request?: ShownLine;
  readonly row?: ShownLine;
  /** Set if its request is there, further on in the input than was read. */
  readonly isRequestAhead?: true;
  /** The HTTP status of its answer. */
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  readonly usage?: Usage;
  /** The beginning of the request, and of the answer. */
  readonly asked?: string;
  readonly answered?: string;
}

export function shownRow({ request, row, isRequestAhead }: WalkedRow): ShownRow {
  const asked = request && parsed(request);
  return omitUndefined({
    customId: request?.customId ?? row?.line.customId,
    ...verdictOf(row),
    request: request && shownLine('input', request, asked !== undefined),
    isRequestAhead,
    asked: asked && short(textOf(askedOf(passagesOfRequest(asked)))),
  });
}

const INSTRUCTIONS = new Set(['system', 'developer', 'instructions']);

/** Without instructions, which are often the same in every request, so that a line of a table tells requests apart. */
function askedOf(passages: readonly Passage[]): readonly Passage[] {
  const asked = passages.filter(({ label }) => !INSTRUCTIONS.has(label));
  return asked.length > 0 ? asked : passages;
}

type Verdict = Omit<ShownRow, 'customId' | 'request' | 'isRequestAhead' | 'asked'>;

function verdictOf(found: WalkedRow['row']): Verdict {
  if (found === undefined) return { outcome: 'none' };
  const { file, line } = found;
  const row = parsed(line);
  const shown = shownLine(file, line, row !== undefined);
  // The file that it is in says it, too.
  if (row === undefined)
    return { outcome: file === 'results' ? 'succeeded' : 'failed', row: shown };
  const facts = factsOf(row, file);
  return omitUndefined({
    ...facts,
    row: shown,
    message: facts.message && short(facts.message),
    answered: short(textOf(passagesOfAnswer(row))) || undefined,
  });
}

/** What a row says, apart from its answer. */
export interface RowFacts {
  readonly outcome: RowOutcome;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly usage: Usage | undefined;
}

export function factsOf(row: Partial<ResultRow>, file: FileName): RowFacts {
  const status = Number(row.response?.status_code);
  const usage = usageOfRow(row);
  const common = { status: Number.isInteger(status) && status > 0 ? status : undefined, usage };
  if (file === 'results')
    return { ...common, outcome: 'succeeded', code: undefined, message: undefined };
  const outcome = classifyRow(row);
  return {
    ...common,
    outcome: outcome === 'succeeded' ? 'failed' : outcome,
    code: failureOf(row).code,
    message: errorMessageOf(row),
  };
}

/** Undefined if it is too long, or no JSON object. */
export function parsed(line: FileLine): Partial<ResultRow> | undefined {
  if (line.isCut) return undefined;
  try {
    return parseRow(line.held);
  } catch {
    return undefined;
  }
}

function shownLine(file: FileName, line: FileLine, isJson: boolean): ShownLine {
  const { start: at, size: bytes, held } = line;
  const isCut = bytes > MAX_WHOLE_BYTES;
  const shown = isCut ? held.subarray(0, CUT_BYTES) : held;
  const text = shown.toString();
  const whole = { file, at, bytes, text, isCut };
  if (!line.isCut && !isUtf8(held)) return { ...whole, problem: 'not_utf8' };
  return isJson || line.isCut ? whole : { ...whole, problem: 'not_json' };
}

function short(text: string): string {
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}
