import type { Batch } from '../../shared/batch/record.ts';
import { noteSpentBy } from '../../shared/usecases/tenantState.ts';
import { aBatch } from '../support/batches.ts';
import { given, INPUT } from '../support/given.ts';
import { type World, world } from '../support/world.ts';
import { Random } from './random.ts';

/** How fairly a provider with little room is divided. */
export interface FairFigures {
  /**
   * Jain's index of the tokens that two tenants were granted while both waited: 1 if they are equal, 0.5 if
   * one has got everything. https://arxiv.org/abs/cs/9809099
   */
  readonly jain: number;
  /** The longest wait of a batch of the tenant with little load, in minutes. */
  readonly lightWaitMinutes: number;
  /** Sweeps that left room for a batch that waited. */
  readonly idleSweeps: number;
}

export const BEST_FAIR_FIGURES: FairFigures = { jain: 1, lightWaitMinutes: 0, idleSweeps: 0 };

export function worstFairFigures(a: FairFigures, b: FairFigures): FairFigures {
  return {
    jain: Math.min(a.jain, b.jain),
    lightWaitMinutes: Math.max(a.lightWaitMinutes, b.lightWaitMinutes),
    idleSweeps: Math.max(a.idleSweeps, b.idleSweeps),
  };
}

/** One tenant has a thousand times the load of another. */
const LIGHT_BATCHES = 6;
const HEAVY_BATCHES = 6_000;
/** Jobs at the provider at once. */
const MAX_IN_FLIGHT = 2;
/** Batches that the budget of a third tenant is enough for. It has more. */
const CAPPED_BATCHES = 3;
/** When the tenant with little load comes, and when an urgent batch of the other does, in sweeps. */
const LIGHT_AT = 3;
const URGENT_AT = 6;
const MAX_SWEEPS = 60;
/** Each job takes one to three sweeps: six batches of three tenants in turn are at their ends by then. */
const MAX_LIGHT_WAIT_MINUTES = 40;
const MIN_JAIN = 0.95;

/** Sweeps a provider at which a tenant with 6,000 batches waits, another with six, and one with a budget. */
export async function runFairShare(
  seed: number,
): Promise<{ readonly figures: FairFigures; readonly broken: readonly string[] }> {
  const crowd = new Crowd(seed);
  await crowd.add('heavy', HEAVY_BATCHES);
  await crowd.limitBudget('capped', CAPPED_BATCHES);
  await crowd.add('capped', 2 * CAPPED_BATCHES);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    if (sweep === LIGHT_AT) await crowd.add('light', LIGHT_BATCHES);
    if (sweep === URGENT_AT) await crowd.add('heavy', 1, 9);
    await crowd.sweep();
    if (sweep > URGENT_AT && crowd.waitingOf('light').length === 0) break;
  }
  const { figures } = crowd;
  const broken = [...crowd.broken];
  if (figures.jain < MIN_JAIN) broken.push(`jain is ${figures.jain}, under ${MIN_JAIN}`);
  if (figures.lightWaitMinutes > MAX_LIGHT_WAIT_MINUTES)
    broken.push(`a batch of little load waits ${figures.lightWaitMinutes} minutes`);
  if (figures.idleSweeps > 0) broken.push(`${figures.idleSweeps} sweeps leave room idle`);
  return { figures, broken: broken.map((what) => `violation: ${what}`) };
}

const USD_PER_TOKEN = 1e-6;

class Crowd {
  readonly broken: string[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #addedAt = new Map<string, number>();
  /** Tokens that were granted while both tenants waited. */
  readonly #granted = { light: 0, heavy: 0 };
  /** Running batches, and how many sweeps they take. */
  readonly #running = new Map<string, number>();
  #cappedTokens = 0;
  #lightWaitMs = 0;
  #idleSweeps = 0;
  #serial = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#world = world();
    const { provider } = this.#world;
    Object.assign(provider, { limits: { ...provider.limits, maxInFlight: MAX_IN_FLIGHT } });
    provider.pricing = { priceOf: () => ({ input: 1, output: 1 }), dailyBudget: undefined };
  }

  get figures(): FairFigures {
    const { light, heavy } = this.#granted;
    const jain = (light + heavy) ** 2 / (2 * (light ** 2 + heavy ** 2));
    return {
      jain: Math.round(jain * 1_000) / 1_000,
      lightWaitMinutes: Math.round(this.#lightWaitMs / 60_000),
      idleSweeps: this.#idleSweeps,
    };
  }

  async limitBudget(tenant: string, batches: number): Promise<void> {
    const { tenants } = this.#world.dependencies;
    const dailyBudget = batches * 120 * USD_PER_TOKEN;
    await tenants.replace({ schemaVersion: 1, tenant, version: 1, dailyBudget });
  }

  async add(tenant: string, count: number, priority = 0): Promise<void> {
    const now = this.#world.dependencies.clock.now();
    for (let n = 0; n < count; n++) {
      const batchId = `${tenant}-${this.#serial++}`;
      const tokens = 80 + this.#random.int(41);
      const { outputTokens: _, ...input }: typeof INPUT & { outputTokens?: number } = INPUT;
      const batch = given('queued', {
        ...{ batchId, version: 0, createdAt: now, statusAt: now },
        ...{ deadlineAt: now + 7 * 24 * 3_600_000, attempt: 0, submission: 1 },
        input: { ...input, model: 'm', requests: 1, estimatedTokens: tokens },
        spec: { ...aBatch().spec, tenant, priority },
      });
      await this.#world.batches.create(batch);
      this.#addedAt.set(batchId, now);
    }
  }

  waitingOf(tenant: string): readonly Batch[] {
    return this.#world.batches
      .all()
      .filter(({ status, spec }) => status === 'queued' && spec.tenant === tenant);
  }

  /** One sweep, and the minute after it. */
  async sweep(): Promise<void> {
    const { batches } = this.#world;
    const bothWait = this.waitingOf('light').length > 0;
    const isUrgent = this.waitingOf('heavy').some(({ spec }) => spec.priority > 0);
    const free = MAX_IN_FLIGHT - this.#running.size;
    await this.#world.sweep();
    const started = batches
      .all()
      .filter(({ status, batchId }) => status === 'submitting' && !this.#running.has(batchId));
    for (const batch of started) this.#noteStart(batch, bothWait);
    if (started.length < free) this.#idleSweeps += 1;
    const urgentStarted = started.some(({ spec }) => spec.priority > 0);
    if (isUrgent && free > 0 && !urgentStarted)
      this.broken.push('a batch of higher priority waits while others start');
    this.#world.advance(60);
    await this.#endJobs();
  }

  #noteStart(batch: Batch, bothWait: boolean): void {
    const { batchId, spec } = batch;
    const tokens = 'input' in batch ? (batch.input?.estimatedTokens ?? 0) : 0;
    this.#running.set(batchId, 1 + this.#random.int(3));
    const waited = this.#world.dependencies.clock.now() - (this.#addedAt.get(batchId) ?? 0);
    if (spec.tenant === 'light') this.#lightWaitMs = Math.max(this.#lightWaitMs, waited);
    if (spec.tenant === 'capped') this.#noteCapped(tokens);
    if (!bothWait) return;
    if (spec.tenant === 'light') this.#granted.light += tokens;
    if (spec.tenant === 'heavy') this.#granted.heavy += tokens;
  }

  #noteCapped(tokens: number): void {
    this.#cappedTokens += tokens;
    if (this.#cappedTokens > CAPPED_BATCHES * 120)
      this.broken.push(`a tenant has started ${this.#cappedTokens} tokens, over its budget`);
  }

  /** Ends jobs in the way of a collection, as far as admission knows of it. */
  async #endJobs(): Promise<void> {
    const { batches, dependencies } = this.#world;
    for (const [batchId, sweeps] of this.#running) {
      if (sweeps > 1) {
        this.#running.set(batchId, sweeps - 1);
        continue;
      }
      this.#running.delete(batchId);
      const batch = await batches.get(batchId);
      if (!batch) continue;
      const { tenant = '' } = batch.spec;
      const tokens = 'input' in batch ? (batch.input?.estimatedTokens ?? 0) : 0;
      await noteSpentBy(dependencies, tenant, tokens * USD_PER_TOKEN);
      const { createdAt, spec } = batch;
      batches.put(given('cancelled', { batchId, createdAt, spec, version: batch.version + 1 }));
    }
  }
}
