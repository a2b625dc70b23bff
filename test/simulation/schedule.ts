import { CALM, type Faults, faultsOf } from './faults.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';

export const START = 1_800_000_000_000;
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** No faults after this, so that everything must have ended by the end of the schedule. */
export const STORM_MS = 3 * DAY;

/** Guards of the doubles themselves. Switching one off shows whether its absence is noticed. */
export interface Guards {
  readonly ownToken: boolean;
  readonly version: boolean;
  readonly sweepLock: boolean;
  /** The conditional write of the collector's lanes. Default: true. */
  readonly laneVersion?: boolean;
  /** Without the lock, and without calling that a fault. */
  readonly overlappingSweeps?: boolean;
  /** Requests are sent singly in every schedule, not only in some. */
  readonly collecting?: boolean;
  /** Default: a minute, the shortest that AWS can be asked for. The local run sweeps far more often. */
  readonly sweepIntervalMs?: number;
}
export const ALL_GUARDS: Guards = { ownToken: true, version: true, sweepLock: true };

/** What a provider is like. */
export interface AccountKind {
  /** It shows the key of a job only after the job's end. */
  readonly hidesKeys: boolean;
  /** Requests of one job. A batch with more is split. */
  readonly maxRequests: number;
}

/** One seeded schedule of faults on virtual time. All parts of a simulation share it. */
export class Schedule {
  readonly random: Random;
  readonly timeline = new Timeline(START);
  readonly guards: Guards;
  readonly accountKind: AccountKind;
  /** The trace, if one is kept. */
  readonly lines: string[] | undefined;
  faultCount = 0;
  readonly #stormy: Faults;
  #serial = 0;

  constructor(seed: number, guards: Guards, traced: boolean) {
    this.random = new Random(seed);
    this.guards = guards;
    this.lines = traced ? [] : undefined;
    this.accountKind = {
      hidesKeys: this.random.chance(0.3),
      maxRequests: this.random.pick([1_000, 1_000, 1_000, 2]),
    };
    this.#stormy = faultsOf(this.random.pick([0, 0.5, 1, 1, 2, 4]));
  }

  get now(): number {
    return this.timeline.now;
  }

  get isCalm(): boolean {
    return this.now > START + STORM_MS;
  }

  get faults(): Faults {
    return this.isCalm ? CALM : this.#stormy;
  }

  token(): string {
    return `t${this.#serial++}`;
  }

  countFault(): void {
    this.faultCount += 1;
  }

  /** How far an index is behind, as of one read of it. */
  indexLagMs(): number {
    const { random, faults } = this;
    return random.chance(faults.staleIndex) ? random.between(0, 90_000) : 0;
  }

  trace(line: () => string): void {
    this.lines?.push(`${((this.now - START) / 1000).toFixed(3).padStart(12)}s  ${line()}`);
  }
}
