import * as z from 'zod';
import type { Reason } from './errors.ts';
import { clipToBytes, sumOf, Tally } from './tally.ts';

const MAX_CODE_BYTES = 60;
const MAX_MESSAGE_BYTES = 200;
/** Lines that are named of each kind of problem. */
const MAX_LINES = 3;

const count = z.number().int().positive();

/** Problems of the same kind. */
const problemGroupSchema = z.object({
  count,
  code: z.string(),
  /** What is wrong and the fix, without the line. */
  message: z.string(),
  /** Set if the problems of this kind have different values in their texts. */
  isVaried: z.literal(true).optional(),
  /** The first lines with this problem, counted from 1. Empty if it is one of the file. */
  lines: z.array(z.number().int().positive()),
});
type ProblemGroup = z.infer<typeof problemGroupSchema>;

/** The problems of an input that was refused. */
export const problemsSchema = z.object({
  total: count,
  groups: z.array(problemGroupSchema).describe('The 10 most frequent kinds.'),
  other: z.number().int().nonnegative().describe('Problems of other kinds.'),
});
export type Problems = z.infer<typeof problemsSchema>;

/** Counts the problems of an input by their kind: the code and the text without its values. */
export class ProblemTally {
  readonly #tally = new Tally<ProblemGroup>();
  #total = 0;

  add({ code, message, line }: Reason): void {
    this.#total += 1;
    const text = withoutLine(message, line);
    const clipped = clipToBytes(text, MAX_MESSAGE_BYTES);
    const entry = this.#tally.entry(`${code} ${withoutValues(text)}`, () => ({
      count: 0,
      code: clipToBytes(code, MAX_CODE_BYTES),
      message: clipped,
      lines: [],
    }));
    entry.count += 1;
    if (clipped !== entry.message) entry.isVaried = true;
    const isNew = line !== undefined && entry.lines.at(-1) !== line;
    if (isNew && entry.lines.length < MAX_LINES) entry.lines.push(line);
  }

  get total(): number {
    return this.#total;
  }

  summary(): Problems {
    const groups = this.#tally.top();
    return { total: this.#total, groups, other: this.#total - sumOf(groups) };
  }
}

/** The problems of an input that was refused for one reason. */
export function problemOf(reason: Reason): Problems {
  const tally = new ProblemTally();
  tally.add(reason);
  return tally.summary();
}

/** A reason's text without the line before it. */
function withoutLine(message: string, line: number | undefined): string {
  const prefix = `line ${line}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

/** A text whose quoted values and numbers are left out: what is the same in every problem of a kind. */
function withoutValues(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"?/g, '"').replaceAll(/\d+/g, '0');
}
