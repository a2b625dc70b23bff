import { isDeepStrictEqual } from 'node:util';
import pMap from 'p-map';
import { costOf } from '../../batch/cost.ts';
import { messageOf } from '../../batch/errors.ts';
import type { Limits } from '../../batch/job.ts';
import type { WaitingHint } from '../../batch/ports.ts';
import { LOG_MESSAGES, METRICS } from '../../metrics.ts';
import { addActive, type ProviderUsage, usageOf } from '../../quota/admission.ts';
import { Budget, TenantBudgets } from '../../quota/budget.ts';
import { FairShare } from '../../quota/fairShare.ts';
import { isUnavailable, mayTryBlocked, withTried } from '../../quota/hold.ts';
import {
  isPaused,
  type ProviderState,
  spentToday,
  withShares,
  withStarts,
} from '../../quota/providerState.ts';
import { readActive } from '../activeBatches.ts';
import type { Dependencies } from '../dependencies.ts';
import { updateProvider } from '../providerState.ts';

export type CapacityPorts = Pick<
  Dependencies,
  'batches' | 'providers' | 'providerStates' | 'tenants' | 'clock' | 'log' | 'metrics'
>;

/** Budgets of tenants that are read at the same time. */
const READ_AT_ONCE = 10;

/** What occupies a provider, as sums: of a million jobs, no list would fit into memory. */
interface Occupation {
  readonly usage: ProviderUsage;
  readonly budget: Budget;
  /** Estimated cost of the jobs of each tenant, in USD. */
  readonly costs: ReadonlyMap<string, number>;
}

/** The limits of a provider that takes batches now, and what is in use of them. */
export interface Capacity {
  readonly limits: Limits;
  readonly state: ProviderState;
  readonly usage: ProviderUsage;
  readonly budget: Budget;
  readonly share: FairShare;
}

/** The capacity of each provider. Each is read once in a sweep, and only if batches wait for it. */
export class ProviderCapacity {
  readonly #ports: CapacityPorts;
  readonly #known = new Map<string, Capacity | undefined>();
  readonly #partitions: readonly number[];
  readonly #occupations = new Map<string, Promise<Occupation>>();
  readonly #budgets = new TenantBudgets();
  /** Reads of the budgets of tenants. */
  readonly #budgetReads = new Map<string, Promise<void>>();
  #committed: Promise<ReadonlyMap<string, number>> | undefined;
  /** Entries that a user has paused, with the number of batches that wait for that reason. */
  readonly #paused = new Map<string, { readonly state: ProviderState; waiting: number }>();

  /** @param partitions in which something may occupy a provider */
  constructor(ports: CapacityPorts, partitions: readonly number[]) {
    this.#ports = ports;
    this.#partitions = partitions;
  }

  /**
   * @returns undefined for a provider that is paused, cooling down or not configured, and for one that
   *   is blocked unless a batch may be tried
   */
  async of(provider: string): Promise<Capacity | undefined> {
    if (!this.#known.has(provider)) this.#known.set(provider, await this.#read(provider));
    return this.#known.get(provider);
  }

  /**
   * Records the jobs that were started, for the limits per hour and for what is tried during a block, and
   * which tenants are ahead.
   */
  async recordStarts(): Promise<void> {
    const now = this.#ports.clock.now();
    for (const [provider, capacity] of this.#known) {
      if (!capacity) continue;
      const { started, models } = capacity.usage;
      const shares = capacity.share.shares();
      if (started === 0 && isDeepStrictEqual(shares, capacity.state.shares)) continue;
      const tried = [...models].filter(([, model]) => model.started > 0).map(([name]) => name);
      await updateProvider(this.#ports, provider, (state) =>
        withShares(withTried(withStarts(state, started, now), tried, now), shares),
      );
    }
  }

  /** Counts batches that wait at a provider, if a user has paused it. */
  noteWaiting(provider: string, waiting: number): void {
    const paused = this.#paused.get(provider);
    if (paused) paused.waiting += waiting;
  }

  /** Logs and counts batches that a pause or a budget keeps waiting: nothing fails, so nobody would notice. */
  reportWaits(): void {
    const { clock, log, metrics } = this.#ports;
    for (const [provider, { state, waiting }] of this.#paused) {
      if (waiting === 0) continue;
      const { sentAt = 0, reason } = state.lastCommand ?? {};
      const since = new Date(sentAt).toISOString();
      metrics.count(METRICS.pauseWaits, waiting, provider);
      log.info(LOG_MESSAGES.providerPaused, { provider, since, reason, waiting });
    }
    for (const [provider, capacity] of this.#known) {
      if (!capacity || capacity.budget.waits.size === 0) continue;
      const { budget, state } = capacity;
      const spent = spentToday(state, clock.now());
      metrics.count(METRICS.budgetWaits, budget.waits.size, provider);
      log.warn(LOG_MESSAGES.budgetReached, { provider, spent, ...budget.report() });
    }
    for (const waits of this.#budgets.waits.values())
      metrics.count(METRICS.tenantBudgetWaits, waits.size);
    for (const report of this.#budgets.reports(clock.now()))
      log.warn(LOG_MESSAGES.tenantBudgetReached, report);
  }

  /** Reads the budgets of the tenants of batches that are to be admitted, each once in a sweep. */
  async readBudgets(waiting: readonly WaitingHint[]): Promise<void> {
    const tenants = new Set(waiting.flatMap(({ tenant }) => tenant ?? []));
    await pMap(tenants, (tenant) => this.#readBudget(tenant), { concurrency: READ_AT_ONCE });
  }

  #readBudget(tenant: string): Promise<void> {
    const reading = this.#budgetReads.get(tenant) ?? this.#addBudget(tenant);
    this.#budgetReads.set(tenant, reading);
    return reading;
  }

  /** A budget that cannot be read keeps the batches of its tenant back: it must not be exceeded. */
  async #addBudget(tenant: string): Promise<void> {
    const { tenants, log } = this.#ports;
    try {
      const state = await tenants.get(tenant);
      if (state.dailyBudget === undefined) return;
      this.#committed ??= this.#committedByTenant();
      this.#budgets.add(state, (await this.#committed).get(tenant) ?? 0);
    } catch (error) {
      const fields = { tenant, error: messageOf(error) };
      log.error('budget of a tenant cannot be read; its batches wait', fields);
      this.#budgets.add({ schemaVersion: 1, tenant, version: 0, dailyBudget: 0 }, 0);
    }
  }

  /** Estimated cost of the jobs of each tenant at all providers, in USD. */
  async #committedByTenant(): Promise<ReadonlyMap<string, number>> {
    const { providers } = this.#ports;
    const committed = new Map<string, number>();
    for (const provider of providers.names)
      for (const [tenant, cost] of (await this.#occupationOf(provider)).costs)
        committed.set(tenant, (committed.get(tenant) ?? 0) + cost);
    return committed;
  }

  /** What occupies a provider. It is read once in a sweep. */
  #occupationOf(provider: string): Promise<Occupation> {
    const known = this.#occupations.get(provider) ?? this.#readOccupation(provider);
    this.#occupations.set(provider, known);
    return known;
  }

  async #readOccupation(provider: string): Promise<Occupation> {
    const { pricing } = await this.#ports.providers.describe(provider);
    const usage = usageOf([]);
    const budget = new Budget(pricing, this.#budgets);
    const costs = new Map<string, number>();
    await readActive(this.#ports, provider, this.#partitions, (page) => {
      for (const batch of page) {
        addActive(usage, batch);
        budget.commitRunning(batch);
        const { tenant, model = '', expected } = batch;
        if (tenant === undefined) continue;
        const cost = costOf(expected, pricing.priceOf(model)) ?? 0;
        costs.set(tenant, (costs.get(tenant) ?? 0) + cost);
      }
    });
    return { usage, budget, costs };
  }

  async #read(provider: string): Promise<Capacity | undefined> {
    const { providers, providerStates, clock } = this.#ports;
    if (!providers.names.includes(provider)) return undefined;
    const state = await providerStates.get(provider);
    if (isPaused(state)) this.#paused.set(provider, { state, waiting: 0 });
    if (isPaused(state) || (isUnavailable(state, clock.now()) && !mayTryBlocked(state)))
      return undefined;
    const { limits } = await providers.describe(provider);
    const { usage, budget } = await this.#occupationOf(provider);
    const share = new FairShare(state.shares);
    return { limits, state, usage, budget, share };
  }
}
