/**
 * The rate of each fault, per call unless noted otherwise. Faults stop after `STORM_MS`, so that
 * everything must have ended by the end of a schedule.
 */
export interface Faults {
  /** The process dies before the request leaves. */
  readonly crashBefore: number;
  /** The process dies after the request took effect, before its answer. */
  readonly crashAfter: number;
  /** Refused by the service, without effect: throttling, 500. */
  readonly refused: number;
  /** The call takes effect and its reply is lost. */
  readonly lostReply: number;
  /** The call is so slow that timeouts and kills interrupt it. */
  readonly slow: number;
  /** A message is delivered again after it was handled. */
  readonly duplicateMessage: number;
  /** A message arrives minutes late. */
  readonly lateMessage: number;
  /** An asynchronous invocation, or the report of its outcome, is lost. */
  readonly dropped: number;
  /** An index shows an earlier state. */
  readonly staleIndex: number;
  /** A tick of the schedule fires twice. */
  readonly doubleTick: number;
  /** Per job: its provider reports its end, perhaps more than once. */
  readonly hint: number;
  /** Per schedule: each kind of command is sent at some time. */
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

/** @param storm 0 for no faults, 1 for the usual rates. Drawn once per schedule */
export function faultsOf(storm: number): Faults {
  const scaled = Object.entries(SOME).map(([name, rate]) => [name, Math.min(0.5, rate * storm)]);
  return { ...NONE, ...Object.fromEntries(scaled) };
}

export const CALM = NONE;
