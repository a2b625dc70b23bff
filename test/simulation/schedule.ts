import { CALM, type Faults, faultsOf } from './faults.ts';
import { SameFailures } from './figures.ts';
import type { Injection } from './injection.ts';
import type { Life } from './lives.ts';
import { Random } from './random.ts';
import { drawShards, type ShardPlan } from './shardPlan.ts';
import { Timeline } from './timeline.ts';
import { type AccountQuota, drawQuota } from './world/quota.ts';

export const START = 1_800_000_000_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
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
  /** The same of cancels and retries in turn, of jobs that cannot be read, and of a hung provider. */
  readonly commanding?: boolean;
  readonly oddJobs?: boolean;
  readonly hanging?: boolean;
  /** The same of an account that holds few requests, and of jobs that wait for days. */
  readonly limiting?: boolean;
  readonly pending?: boolean;
  /** The same of an account that refuses all jobs for a time, and of one without a list. */
  readonly blocking?: boolean;
  /** The same of batches that belong to tenants. */
  readonly tenants?: boolean;
  readonly unlisted?: boolean;
  /** Batches are created over HTTP in every schedule, not only in some. */
  readonly overHttp?: boolean;
  /** The number of shards changes in every schedule, not only in some. */
  readonly sharding?: boolean;
  /** Default: a minute, the shortest that AWS can be asked for. The local run sweeps far more often. */
  readonly sweepIntervalMs?: number;
}
export const ALL_GUARDS: Guards = { ownToken: true, version: true, sweepLock: true };

/** What a schedule's table does beyond keeping objects, which is dear in time: one in eight does it. */
export interface TableKind {
  /** Records are written and read back as the adapter does it: as text, within a schema, and a size. */
  readonly storesText: boolean;
  /** Share of the writes that a function of the version before makes. */
  readonly oldWriters: number;
  readonly retentionMs: number;
  /** How long the copies of inputs are kept. */
  readonly inputRetentionMs: number;
}

/** What a provider is like. */
export interface AccountKind {
  /** It shows the key of a job only after the job's end. */
  readonly hidesKeys: boolean;
  /** Requests of one job. A batch with more is split. */
  readonly maxRequests: number;
  /** What it holds at once. Absent: everything. */
  readonly quota?: AccountQuota | undefined;
  /** Its jobs wait for one to three days before they run, and it has no completion window. */
  readonly pendsForDays?: boolean;
  /** When it refuses all jobs. */
  readonly blocked?: { readonly from: number; readonly until: number } | undefined;
  /** No list of its jobs can be read. */
  readonly hasNoList?: boolean;
}

/** A life of one batch without chance, and the faults that it is to meet. */
export interface Scripted {
  readonly life: Life;
  readonly injection: Injection;
}

/** One seeded schedule of faults on virtual time. All parts of a simulation share it. */
export class Schedule {
  readonly random: Random;
  readonly timeline = new Timeline(START);
  readonly guards: Guards;
  readonly accountKind: AccountKind;
  readonly tableKind: TableKind;
  /** The user sends some cancels and retries one after the other. */
  readonly hasManyCommands: boolean = false;
  /** Some jobs have rows or a status that cannot be read. */
  readonly hasOddJobs: boolean = false;
  /** Batches belong to tenants, or to none. */
  readonly hasTenants: boolean = false;
  /** How many shards there are, and from when on. Undefined: one for all time. */
  readonly shards: ShardPlan | undefined;
  /** Until when every call to a second provider entry hangs. Undefined: there is one entry. */
  readonly hungUntil: number | undefined;
  /** The trace, if one is kept. */
  readonly lines: string[] | undefined;
  faultCount = 0;
  readonly sameFailures = new SameFailures();
  readonly #stormy: Faults;
  readonly #seed: number;
  #serial = 0;

  readonly life: Life | undefined;
  readonly injection: Injection | undefined;

  constructor(seed: number, guards: Guards, traced: boolean, scripted?: Scripted) {
    this.#seed = seed;
    this.life = scripted?.life;
    this.injection = scripted?.injection;
    this.random = new Random(seed);
    this.guards = guards;
    this.lines = traced ? [] : undefined;
    if (scripted) {
      const { hidesKeys = false, maxRequests = 1_000 } = scripted.life;
      this.accountKind = { hidesKeys, maxRequests };
      this.#stormy = CALM;
      this.tableKind = {
        storesText: true,
        oldWriters: 0,
        retentionMs: 90 * DAY,
        inputRetentionMs: DAY,
      };
      return;
    }
    const hidesKeys = this.random.chance(0.3);
    // Who hides keys ends every job within a day.
    const pendsForDays = !hidesKeys && (guards.pending || this.stream('pending').chance(0.02));
    this.accountKind = {
      hidesKeys,
      maxRequests: this.random.pick([1_000, 1_000, 1_000, 2]),
      quota: drawQuota(this.stream('quota'), START, guards.limiting),
      pendsForDays,
      blocked: this.#blockedTime(guards.blocking),
      hasNoList: guards.unlisted === true || this.stream('list').chance(0.002),
    };
    this.#stormy = faultsOf(this.random.pick([0, 0.5, 1, 1, 2, 4]));
    this.hasManyCommands = guards.commanding === true || this.stream('commands').chance(0.1);
    this.hasTenants = guards.tenants === true || this.stream('tenants').chance(0.2);
    this.hasOddJobs = guards.oddJobs === true || this.stream('jobs').chance(0.2);
    this.shards = drawShards(this.stream('shards'), START, guards.sharding);
    const hung = this.stream('hung');
    if (guards.hanging || hung.chance(0.03))
      this.hungUntil = START + hung.between(0, hung.pick([HOUR, HOUR, 6 * HOUR, 2 * DAY]));
    const inputRetentionMs = this.stream('input').pick([HOUR, 6 * HOUR, DAY, 3 * DAY]);
    this.tableKind = { ...tableKindOf(this.stream('table')), inputRetentionMs };
  }

  #blockedTime(isCertain = false): AccountKind['blocked'] {
    const random = this.stream('blocked');
    if (!random.chance(isCertain ? 1 : 0.01)) return undefined;
    const from = START + random.between(0, random.pick([HOUR, DAY]));
    return { from, until: from + random.between(HOUR, 2 * DAY) };
  }

  /** The number of shards that the code has which is running now: for a while after a deployment, either. */
  shardsNow(): number {
    if (!this.shards) return 1;
    const { numbers, changes } = this.shards;
    const since = changes.filter((at) => at <= this.now);
    const isChanging = this.now - (since.at(-1) ?? 0) < DEPLOYMENT_MS;
    const index = since.length - (isChanging ? this.shards.random.int(2) : 0);
    return numbers[index] ?? 1;
  }

  /** Chance of its own for a part of the world, so that the rest of a seed stays as it was without. */
  stream(part: keyof typeof STREAMS): Random {
    return new Random(this.#seed + STREAMS[part] * 2 ** 40);
  }

  get now(): number {
    return this.timeline.now;
  }

  get isCalm(): boolean {
    return this.life !== undefined || this.now > START + STORM_MS;
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

/** In this time after a change of the code, the functions of both versions are called. */
const DEPLOYMENT_MS = 2 * MINUTE;

const STREAMS = {
  collecting: 1,
  table: 2,
  commands: 3,
  jobs: 4,
  hung: 5,
  quota: 6,
  pending: 7,
  blocked: 8,
  list: 9,
  http: 10,
  tenants: 11,
  shards: 12,
  input: 13,
};

function tableKindOf(random: Random): Omit<TableKind, 'inputRetentionMs'> {
  const storesText = random.chance(0.12);
  return {
    storesText,
    oldWriters: random.pick([0, 0, 0.3]),
    retentionMs: random.pick([2, 5, 90]) * DAY,
  };
}
