import type { MakeCall } from '../../simulators/memory/calls.ts';
import { kindOfCall, type PointFault } from './injection.ts';
import type { Schedule } from './schedule.ts';

/** The service refused the call, which had no effect. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
/** The call may have had its effect, and its reply is lost. */
export class LostReply extends Error {
  override readonly name = 'LostReply';
}

export interface CallShape {
  /** When the client gives up. */
  readonly timeoutMs?: number;
  /** How long after that the request may still take effect. */
  readonly landsWithinMs?: number;
  /** Longest duration without a fault. */
  readonly usualMs?: number;
  /** Longest duration of a slow call. */
  readonly slowMs?: number;
  /** Factor on the rate of slow calls. */
  readonly slowness?: number;
}

/**
 * One invocation of a function. It lives until it ends, crashes or is killed at its deadline. Calls
 * that it has sent by then may still take effect, but no reply reaches it.
 */
export class Process {
  readonly #schedule: Schedule;
  readonly name: string;
  readonly deadline: number;
  alive = true;
  readonly #onDeath: () => void;

  constructor(schedule: Schedule, name: string, timeoutMs: number, onDeath: () => void) {
    this.#schedule = schedule;
    this.name = name;
    this.deadline = schedule.now + timeoutMs;
    this.#onDeath = onDeath;
    // It is killed at the timeout, and not only when it next runs.
    schedule.timeline.after(timeoutMs, () => this.die('killed at its timeout'));
  }

  die(how: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.#schedule.trace(() => `${this.name}: ${how}`);
    this.#onDeath();
  }

  end(): void {
    this.alive = false;
  }

  /** Waits, unless it dies meanwhile. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#schedule.timeline.after(milliseconds, () => {
        if (this.alive) resolve();
      });
    });
  }

  /** What happens to the tries of one call, by the number of the try. */
  fates(what: string, isRepeated: boolean): Fates {
    const { injection } = this.#schedule;
    if (!injection) return (_tries, shape) => this.#drawFate(shape);
    // A process that has died makes no calls any more.
    if (!this.alive) return () => GOOD;
    const fault = injection.at(kindOfCall(what, isRepeated), `${this.name}: ${what}`);
    return (tries) => fateOf(fault, tries);
  }

  #drawFate({ slowness = 1 }: CallShape): Fate {
    const { random, faults } = this.#schedule;
    if (random.chance(faults.crashBefore)) return { ...GOOD, diesBefore: true };
    if (random.chance(faults.refused)) return { ...GOOD, isRefused: true };
    const isSlow = random.chance(faults.slow * slowness);
    const diesAfter = random.chance(faults.crashAfter);
    const losesReply = random.chance(faults.lostReply);
    if (!isSlow && !diesAfter && !losesReply) return GOOD;
    return { ...GOOD, isSlow, diesAfter, losesReply };
  }

  /** When a call takes effect and when it is answered, in milliseconds from now. */
  #timesOf({ isSlow, landing }: Fate, shape: CallShape): { lands: number; answers: number } {
    const { random, now } = this.#schedule;
    const { timeoutMs, landsWithinMs = 0, usualMs = 20, slowMs = 60_000 } = shape;
    if (landing !== undefined) {
      // As late as it can land: when its client has given up, or its process was killed.
      const lastMs = timeoutMs === undefined ? this.deadline - now + 1 : timeoutMs + landsWithinMs;
      return { lands: landing === 'late' ? lastMs : NEVER, answers: NEVER };
    }
    const wanted = isSlow ? random.between(0, slowMs) : random.between(1, usualMs);
    const limit = timeoutMs === undefined ? wanted : timeoutMs + landsWithinMs;
    // Either the request or the reply may be slow.
    const lands = Math.min(isSlow ? random.between(0, wanted) : wanted, limit);
    return { lands, answers: Math.max(lands, isSlow ? wanted : 0) };
  }

  /** Makes one call. `effect` happens at one instant or not at all. */
  call<T>(
    what: string,
    effect: () => T,
    shape: CallShape = {},
    fates = this.fates(what, false),
    tries = 1,
  ): Promise<T> {
    const schedule = this.#schedule;
    const { random, timeline } = schedule;
    const { timeoutMs, usualMs = 20 } = shape;
    return new Promise<T>((resolve, reject) => {
      const answer = (run: () => void) => () => {
        if (this.alive) run();
      };
      if (!this.alive) return;
      const fate = fates(tries, shape);
      if (fate !== GOOD) schedule.countFault();
      if (fate.diesBefore) {
        this.die(`dies before ${what}`);
        return;
      }
      if (fate.isRefused) {
        schedule.trace(() => `${this.name}: ${what} is refused`);
        timeline.after(
          random.between(1, usualMs),
          answer(() => reject(new Refused(`${what} refused`))),
        );
        return;
      }
      const { lands, answers } = this.#timesOf(fate, shape);
      let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
      const land = () => {
        // A request of a process that has died may or may not have arrived.
        if (!this.alive && fate.landing === undefined && random.chance(0.5)) return;
        try {
          outcome = { value: effect() };
          schedule.sameFailures.note(what, undefined);
          schedule.trace(
            () => `${this.name}: ${what}${this.alive ? '' : ' (lands after its end)'}`,
          );
        } catch (error) {
          outcome = { error };
          schedule.sameFailures.note(what, String(error));
          schedule.trace(() => `${this.name}: ${what}: ${String(error)}`);
        }
        if (fate.diesAfter && this.alive) this.die(`dies after ${what}`);
      };
      if (lands !== NEVER) timeline.after(lands, land);
      if (timeoutMs !== undefined && answers > timeoutMs) {
        timeline.after(
          timeoutMs,
          answer(() => reject(new LostReply(`${what} timed out`))),
        );
        return;
      }
      if (answers === NEVER) return;
      timeline.after(
        answers + random.between(0, usualMs),
        answer(() => {
          if (fate.losesReply) {
            schedule.trace(() => `${this.name}: the answer to ${what} is lost`);
            reject(new LostReply(`the answer to ${what} was lost`));
          } else if (outcome && 'value' in outcome) resolve(outcome.value);
          else reject(outcome?.error);
        }),
      );
    });
  }
}

const NEVER = Number.POSITIVE_INFINITY;

/** What happens to one try of a call. */
interface Fate {
  readonly diesBefore: boolean;
  readonly isRefused: boolean;
  readonly isSlow: boolean;
  readonly diesAfter: boolean;
  readonly losesReply: boolean;
  /** Of a call without an answer: whether it takes effect all the same, at the last moment. */
  readonly landing?: 'late' | 'never';
}

/** Decides the fate of each try of one call. */
type Fates = (tries: number, shape: CallShape) => Fate;

const GOOD: Fate = {
  diesBefore: false,
  isRefused: false,
  isSlow: false,
  diesAfter: false,
  losesReply: false,
};

function fateOf(fault: PointFault | undefined, tries: number): Fate {
  switch (fault) {
    case 'dies':
      return { ...GOOD, diesBefore: true };
    case 'dies after':
      return { ...GOOD, diesAfter: true };
    case 'refused':
      return { ...GOOD, isRefused: true };
    case 'reply lost':
      return { ...GOOD, losesReply: true };
    case 'first reply lost':
      return tries === 1 ? { ...GOOD, losesReply: true } : GOOD;
    case 'lands late':
      return { ...GOOD, landing: 'late' };
    case 'hangs':
      return { ...GOOD, landing: 'never' };
    default:
      return GOOD;
  }
}

/** A call to the table. */
export const TABLE_CALL: CallShape = { timeoutMs: 5_000, landsWithinMs: 2_000 };

/** Calls of a process through an SDK, which repeats them. */
export function callsOf(process: Process, shape: CallShape = {}): MakeCall {
  return (what, effect) => callRepeatedly(process, what, effect, shape);
}

/** The SDK repeats a call that was refused or got no answer. */
const TRIES = 3;

export async function callRepeatedly<T>(
  process: Process,
  what: string,
  effect: () => T,
  shape: CallShape,
): Promise<T> {
  const fates = process.fates(what, true);
  for (let tries = 1; ; tries++) {
    try {
      return await process.call(what, effect, shape, fates, tries);
    } catch (error) {
      const passes = error instanceof Refused || error instanceof LostReply;
      if (!passes || tries === TRIES) throw error;
    }
  }
}
