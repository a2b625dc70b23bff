/**
 * - `ok`: as it should be
 * - `note`: worth knowing, and nobody has to do anything
 * - `problem`: somebody must act
 * - `unknown`: could not be checked
 */
export type FindingLevel = 'ok' | 'note' | 'problem' | 'unknown';

/** What a check has found: one line of what it is, and one of what to do. */
export interface Finding {
  readonly check: string;
  readonly level: FindingLevel;
  readonly what: string;
  readonly fix?: string;
}

/** What a check says; its name is added to that. */
export type Found = Omit<Finding, 'check'>;

export const ok = (what: string): Found => ({ level: 'ok', what });
export const note = (what: string, fix?: string): Found => ({
  level: 'note',
  what,
  ...(fix === undefined ? {} : { fix }),
});
export const problem = (what: string, fix: string): Found => ({ level: 'problem', what, fix });
export const unknown = (what: string, fix?: string): Found => ({
  level: 'unknown',
  what,
  ...(fix === undefined ? {} : { fix }),
});
