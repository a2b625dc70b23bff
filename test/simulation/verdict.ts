/** What must not happen. Each is counted, and is 0 in every run. */
export type Verdict = 'lost' | 'unexpected' | 'duplicated' | 'violation';

/** Called for each promise that is broken. */
export type ReportBroken = (verdict: Verdict, what: string) => void;
