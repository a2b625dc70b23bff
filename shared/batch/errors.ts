import { type Reason, shortReason } from './reason.ts';

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

/** A webhook that is not what it says: nothing in it counts. */
export class WebhookRefusedError extends Error {
  override readonly name = 'WebhookRefusedError';
  /** Its signature or its time is wrong, or it is signed and cannot be read. */
  readonly why: 'unsigned' | 'unreadable';
  constructor(why: 'unsigned' | 'unreadable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}
