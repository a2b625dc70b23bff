/** What can go wrong at each kind of I/O point. */
export const POINT_FAULTS = {
  /** A call without an effect. */
  read: ['dies', 'refused', 'hangs'],
  /** A call through an SDK, which repeats it. `refused` and `reply lost` last for all its tries. */
  repeatedWrite: [
    'dies',
    'dies after',
    'refused',
    'reply lost',
    'first reply lost',
    'lands late',
    'hangs',
  ],
  /** A call that is sent once. */
  write: ['dies', 'dies after', 'refused', 'reply lost', 'lands late', 'hangs'],
  /** A message that a function sends. */
  message: ['lost', 'late', 'twice', 'again'],
  /** A request of a user over HTTP. */
  request: ['lost', 'answer lost'],
  /** A message that a user sends: it was accepted, so it is never lost. */
  userMessage: ['late', 'twice', 'again'],
  /** An invocation of the processor. */
  invocation: ['lost', 'twice', 'fails'],
  /** A tick of the schedule. */
  tick: ['late', 'twice'],
} as const;
export type PointKind = keyof typeof POINT_FAULTS;
export type PointFault = (typeof POINT_FAULTS)[PointKind][number];

/** A place where a run reaches out of the code under test. */
export interface Point {
  readonly kind: PointKind;
  /** In words, for a report. */
  readonly what: string;
}

const READS = /^(read|head|list|look up|check|download)\b/;

/** The kind of a call. */
export function kindOfCall(what: string, isRepeated: boolean): PointKind {
  if (READS.test(what)) return 'read';
  return isRepeated ? 'repeatedWrite' : 'write';
}

/** Faults at chosen points, which are counted in the order in which a run comes to them. */
export class Injection {
  /** The points so far. */
  readonly points: Point[] = [];
  readonly #faults: ReadonlyMap<number, PointFault>;

  constructor(faults: ReadonlyMap<number, PointFault>) {
    this.#faults = faults;
  }

  /** @returns the fault of the point that the run comes to now, if it has one */
  at(kind: PointKind, what: string): PointFault | undefined {
    return this.#faults.get(this.points.push({ kind, what }) - 1);
  }
}
