import * as z from 'zod';
import { invalidText, isZodError } from '../invalid/text.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** A record or message that a newer version of the code has written. It must not be changed. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
  constructor(what: string, found: unknown) {
    super(
      `${what} has schemaVersion ${String(found)}, newer than this code knows: deploy the newer version`,
    );
  }
}

/** A stored record that no schema of this code reads. Trying again changes nothing. */
export class UnreadableRecordError extends Error {
  override readonly name = 'UnreadableRecordError';
  /** Set for the record of a batch. */
  readonly batchId: string | undefined;
  /** @param what names the record */
  constructor(what: string, cause: unknown, batchId?: string) {
    // The error of broken JSON quotes it, and a record has texts of users.
    const why = cause instanceof SyntaxError ? 'its JSON is broken' : messageOf(cause);
    super(`${what} cannot be read: ${why}`, { cause });
    this.batchId = batchId;
  }
}

/** Input that can never be accepted. It goes to the dead-letter queue with this reason. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.message);
    this.reason = reason;
  }
}

/** A refusal whose text is shortened to fit a record. */
export function refusal(code: string, message: string, line?: number): RefusedError {
  return new RefusedError(shortReason(code, message, line));
}

/**
 * What a provider's failure means:
 * - `quota`: the provider is full and accepted nothing; it cools down;
 * - `account`: it refuses credentials, permissions or billing; it is blocked, and the batch waits;
 * - `permanent`: the same call would fail again;
 * - `transient`: it may pass, and no job was created;
 * - `uncertain`: a create call was sent and its reply lost, so a job may exist;
 * - `missing`: the provider does not know the job or the file;
 * - `forbidden`: it refuses this one job or file (403), which says nothing about the others.
 */
export type ProviderErrorKind =
  | 'quota'
  | 'account'
  | 'permanent'
  | 'transient'
  | 'uncertain'
  | 'missing'
  | 'forbidden';

export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  readonly reason: Reason;
  constructor(kind: ProviderErrorKind, reason: Reason, options?: { readonly cause?: unknown }) {
    super(`${kind}: ${reason.code}: ${reason.message}`, options);
    this.kind = kind;
    this.reason = reason;
  }
}

/** The processor was not invoked for certain. After any other failure it may have been. */
export class InvocationRefusedError extends Error {
  override readonly name = 'InvocationRefusedError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (isZodError(error)) return invalidText(error);
  return error instanceof Error ? error.message : String(error);
}

/** A webhook that cannot be trusted or read: nothing in it is acted on. */
export class WebhookRefusedError extends Error {
  override readonly name = 'WebhookRefusedError';
  /** Its signature or its timestamp is wrong; or the signature is valid and the content makes no sense. */
  readonly why: 'invalidSignature' | 'unreadable';
  constructor(
    why: 'invalidSignature' | 'unreadable',
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.why = why;
  }
}

/** The quota of a model that a provider calls full, as its refusal says. */
export const fullQuotaSchema = z.object({
  /** What the provider counts over all jobs of the model that have not ended. */
  of: z.enum(['tokens', 'requests']),
  /** How many of them it holds. Absent if the refusal does not say. */
  limit: z.number().positive().optional(),
});
export type FullQuota = z.infer<typeof fullQuotaSchema>;

/** Why something was refused, failed or waits. Never contains prompt text. */
export const reasonSchema = z.object({
  /** A stable code for programs: the provider's own, if it gave one. */
  code: z.string(),
  /** A sentence for people with the value, the place and the fix. */
  message: z.string(),
  /** The line of the input file, counted from 1. */
  line: z.number().int().positive().optional(),
  /** Only for a refusal that names a full quota of the model. */
  quota: fullQuotaSchema.optional(),
});
export type Reason = z.infer<typeof reasonSchema>;

/** A reason in a record. */
export const notedReasonSchema = reasonSchema.extend({
  /** When it was noted, in milliseconds since 1970. Absent: an earlier version noted it. */
  at: z.number().nonnegative().optional(),
  /** The attempt that it is about, from 1; 0 before the first. Absent as `at` is. */
  attempt: z.number().int().nonnegative().optional(),
});
export type NotedReason = z.infer<typeof notedReasonSchema>;

/** The same in an event and for the client, where times are ISO 8601. */
export const shownReasonSchema = notedReasonSchema.extend({
  at: z.string().meta({ format: 'date-time', description: 'When it was noted.' }).optional(),
  attempt: notedReasonSchema.shape.attempt.describe('The attempt that it is about, from 1.'),
});
export type ShownReason = z.infer<typeof shownReasonSchema>;

export function shownReason({ at, ...reason }: NotedReason): ShownReason {
  return at === undefined ? reason : { ...reason, at: new Date(at).toISOString() };
}

/**
 * Reasons in a record, which must stay small: the latest of a batch, or those of the first bad lines
 * of an input, whose error file has all of them.
 */
export const MAX_REASONS = 20;
const MAX_MESSAGE_LENGTH = 500;

/** A reason as a record can hold it: its code and message are shortened, and a line that is none is left out. */
export function shortReason(code: string, message: string, line?: number): Reason {
  const text =
    message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
  const isLine = Number.isSafeInteger(line) && Number(line) > 0;
  return omitUndefined({
    code: code.slice(0, 100),
    message: text,
    line: isLine ? line : undefined,
  });
}

/** The code of a failure of a provider's call without a usable answer. */
export const NO_USABLE_ANSWER = 'no_usable_answer';

/** Whether reading a list was answered, and not with a list. Any other failure may pass. */
export function isNoList(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError)) return false;
  const { kind, reason } = error;
  return kind === 'missing' || kind === 'permanent' || reason.code === NO_USABLE_ANSWER;
}
