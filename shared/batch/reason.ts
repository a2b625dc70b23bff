import * as z from 'zod';

/** Why something was refused, failed or waits. Never holds prompt text. */
export const reasonSchema = z.object({
  /** A stable word for programs, in the provider's spelling where it gave one. */
  code: z.string(),
  /** A sentence for people: the value, the place and the fix. */
  message: z.string(),
  /** The line of the input file, from 1. */
  line: z.number().int().positive().optional(),
});
export type Reason = z.infer<typeof reasonSchema>;

/** A record stays small: the first reasons live in it, all of them in the error file. */
export const MAX_REASONS = 20;
const MAX_MESSAGE_LENGTH = 500;

/** A reason short enough for a record, whatever length a provider's message has. */
export function shortReason(code: string, message: string, line?: number): Reason {
  const text =
    message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
  return { code: code.slice(0, 100), message: text, ...(line === undefined ? {} : { line }) };
}
