import type { MakeCall } from '../../simulators/memory/calls.ts';
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

  /** Makes one call. `effect` happens at one instant or not at all. */
  call<T>(what: string, effect: () => T, shape: CallShape = {}): Promise<T> {
    const schedule = this.#schedule;
    const { random, faults, timeline } = schedule;
    const { timeoutMs, landsWithinMs = 0, usualMs = 20, slowMs = 60_000, slowness = 1 } = shape;
    return new Promise<T>((resolve, reject) => {
      const answer = (run: () => void) => () => {
        if (this.alive) run();
      };
      if (!this.alive) return;
      if (random.chance(faults.crashBefore)) {
        schedule.countFault();
        this.die(`dies before ${what}`);
        return;
      }
      if (random.chance(faults.refused)) {
        schedule.countFault();
        schedule.trace(() => `${this.name}: ${what} is refused`);
        timeline.after(
          random.between(1, usualMs),
          answer(() => reject(new Refused(`${what} refused`))),
        );
        return;
      }
      const isSlow = random.chance(faults.slow * slowness);
      const crashes = random.chance(faults.crashAfter);
      const loses = random.chance(faults.lostReply);
      if (isSlow || crashes || loses) schedule.countFault();
      const wanted = isSlow ? random.between(0, slowMs) : random.between(1, usualMs);
      const limit = timeoutMs === undefined ? wanted : timeoutMs + landsWithinMs;
      // Either the request or the reply may be slow.
      const landsAfter = Math.min(isSlow ? random.between(0, wanted) : wanted, limit);
      const answersAfter = Math.max(landsAfter, isSlow ? wanted : 0);
      let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
      timeline.after(landsAfter, () => {
        // A request of a process that has died may or may not have arrived.
        if (!this.alive && random.chance(0.5)) return;
        try {
          outcome = { value: effect() };
          schedule.trace(
            () => `${this.name}: ${what}${this.alive ? '' : ' (lands after its end)'}`,
          );
        } catch (error) {
          outcome = { error };
          schedule.trace(() => `${this.name}: ${what}: ${String(error)}`);
        }
        if (crashes && this.alive) this.die(`dies after ${what}`);
      });
      if (timeoutMs !== undefined && answersAfter > timeoutMs) {
        timeline.after(
          timeoutMs,
          answer(() => reject(new LostReply(`${what} timed out`))),
        );
        return;
      }
      timeline.after(
        answersAfter + random.between(0, usualMs),
        answer(() => {
          if (loses) {
            schedule.trace(() => `${this.name}: the answer to ${what} is lost`);
            reject(new LostReply(`the answer to ${what} was lost`));
          } else if (outcome && 'value' in outcome) resolve(outcome.value);
          else reject(outcome?.error);
        }),
      );
    });
  }
}

/** A call to the table. */
export const TABLE_CALL: CallShape = { timeoutMs: 5_000, landsWithinMs: 2_000 };

/** Calls of a process through an SDK, which repeats them. */
export function callsOf(process: Process, shape: CallShape = {}): MakeCall {
  return (what, effect) => retried(() => process.call(what, effect, shape));
}

/** The SDK repeats a call that was refused or got no answer. */
const TRIES = 3;

export async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const passes = error instanceof Refused || error instanceof LostReply;
      if (!passes || tries === TRIES) throw error;
    }
  }
}
