import type { HandlerConnection } from '../client/connection.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** One thing that the doctor checks, independently of all others. */
export interface Check<Context extends DoctorContext = DoctorContext> {
  /** One or two words. */
  readonly name: string;
  /** The IAM actions that it needs, named to a caller who is denied them. */
  readonly permissions: readonly string[];
  run(context: Context): Promise<readonly CheckResult[]>;
}

/**
 * - `ok`: as it should be
 * - `note`: worth knowing; nothing has to be done
 * - `problem`: somebody must act
 * - `unknown`: could not be checked
 */
export type FindingLevel = 'ok' | 'note' | 'problem' | 'unknown';

/** One line about what was found, and one about what to do. */
export interface Finding {
  /** Name of the check. */
  readonly check: string;
  readonly level: FindingLevel;
  readonly what: string;
  readonly fix?: string;
}

/** A finding without the name of its check. */
export type CheckResult = Omit<Finding, 'check'>;

export function okResult(what: string): CheckResult {
  return { level: 'ok', what };
}

export function noteResult(what: string, fix?: string): CheckResult {
  return omitUndefined({ level: 'note' as const, what, fix });
}

export function problemResult(what: string, fix: string): CheckResult {
  return { level: 'problem', what, fix };
}

export function unknownResult(what: string, fix?: string): CheckResult {
  return omitUndefined({ level: 'unknown' as const, what, fix });
}

/** The handler that is checked, wherever it runs. */
export interface DoctorContext {
  readonly connection: HandlerConnection;
  /** Milliseconds since 1970. */
  now(): number;
  /** How to see the logs of the work, as a part of a sentence. */
  workLogs(): Promise<string>;
}
