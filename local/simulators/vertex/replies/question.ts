import type { Verdict } from '../../verdicts.ts';

/** A line of the input, with what is to become of it. */
export interface Question {
  readonly model: string;
  readonly line: Readonly<Record<string, unknown>>;
  readonly verdict: Exclude<Verdict, 'not_run'>;
  readonly inputTokens: number;
  /** Numbers in [0, 1), drawn from the request: an equal request gets an equal reply. */
  readonly chance: () => number;
}

/** A row of the output, and what it cost. */
export interface Answer {
  readonly row: object;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Codes of what goes wrong with a request, in google.rpc's words. */
export const ERRORS = {
  rate_limited: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Resource exhausted.' },
  server_error: { code: 500, status: 'INTERNAL', message: 'Internal error encountered.' },
  refused: { code: 400, status: 'INVALID_ARGUMENT', message: 'Invalid request: by plan.' },
} as const;
