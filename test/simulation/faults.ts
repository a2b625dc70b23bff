/**
 * How often what goes wrong, per I/O unless said otherwise. Faults cease after `untilMs`, so that
 * what is promised for the end can be asked for: everything ended, nothing owed.
 */
export interface Faults {
  /** The process dies before the request leaves. */
  readonly crashBefore: number;
  /** The process dies after the request took effect, before its answer. */
  readonly crashAfter: number;
  /** Refused by the service, without effect: throttling, 500. */
  readonly refused: number;
  /** Carried out, and the answer lost. */
  readonly lostReply: number;
  /** So slow that timeouts and kills strike in the middle. */
  readonly slow: number;
  /** A message is delivered again although it was dealt with. */
  readonly duplicateMessage: number;
  /** A message comes minutes late. */
  readonly lateMessage: number;
  /** An asynchronous invocation, or the record of its outcome, never arrives. */
  readonly dropped: number;
  /** An index is read as it was a while ago. */
  readonly staleIndex: number;
  /** A tick of the schedule fires twice. */
  readonly doubleTick: number;
  /** Per job: its provider tells of its end, by itself and more than once. */
  readonly hint: number;
  /** Per schedule: each of the user's commands is sent at some moment. */
  readonly command: number;
}

const NONE: Faults = {
  crashBefore: 0,
  crashAfter: 0,
  refused: 0,
  lostReply: 0,
  slow: 0,
  duplicateMessage: 0,
  lateMessage: 0,
  dropped: 0,
  staleIndex: 0,
  doubleTick: 0,
  hint: 0,
  command: 0,
};

const SOME: Faults = {
  crashBefore: 0.006,
  crashAfter: 0.01,
  refused: 0.02,
  lostReply: 0.015,
  slow: 0.008,
  duplicateMessage: 0.06,
  lateMessage: 0.06,
  dropped: 0.05,
  staleIndex: 0.15,
  doubleTick: 0.08,
  hint: 0.3,
  command: 0.12,
};

/** From calm to stormy, drawn once per schedule. */
export function faultsOf(storm: number): Faults {
  const scaled = Object.entries(SOME).map(([name, rate]) => [name, Math.min(0.5, rate * storm)]);
  return { ...NONE, ...Object.fromEntries(scaled) };
}

export const CALM = NONE;
