import * as z from 'zod';

/** A record or message written by a newer version of the code: it is left untouched. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
  constructor(what: string, found: unknown) {
    super(
      `${what} has schemaVersion ${String(found)}, newer than this code knows: deploy the newer version`,
    );
  }
}

/** Input that can never be accepted: it goes to the dead-letter queue with this reason. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.message);
    this.reason = reason;
  }
}

/** A refusal whose text fits a record, whatever length the values in it have. */
export function refusal(code: string, message: string, line?: number): RefusedError {
  return new RefusedError(shortReason(code, message, line));
}

/**
 * How a provider's failure is to be taken:
 * - `quota`: try later, no work was taken on;
 * - `account`: credentials, permissions or billing; the provider is paused, the batch waits;
 * - `permanent`: the same call would fail again;
 * - `transient`: it may pass, and no job was created;
 * - `uncertain`: a create call was sent and its answer lost, so a job may exist;
 * - `missing`: the provider does not know the job or the file.
 */
export type ProviderErrorKind =
  | 'quota'
  | 'account'
  | 'permanent'
  | 'transient'
  | 'uncertain'
  | 'missing';

export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  readonly reason: Reason;
  constructor(kind: ProviderErrorKind, reason: Reason, options?: ErrorOptions) {
    super(`${kind}: ${reason.code}: ${reason.message}`, options);
    this.kind = kind;
    this.reason = reason;
  }
}

/** The processor was definitely not invoked: any other failure leaves that open. */
export class InvocationRefusedError extends Error {
  override readonly name = 'InvocationRefusedError';
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A webhook that cannot be trusted or read: nothing in it is acted on. */
export class WebhookRefusedError extends Error {
  override readonly name = 'WebhookRefusedError';
  /** Its signature or its timestamp is wrong; or the signature is valid and the content makes no sense. */
  readonly why: 'invalidSignature' | 'unreadable';
  constructor(why: 'invalidSignature' | 'unreadable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

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
