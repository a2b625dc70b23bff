import type { Reason } from '../batch/errors.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { exclusionsAt } from '../quota/hold.ts';
import { limitAt, limitText } from '../quota/learnedLimit.ts';
import { DAY_MS, type ProviderState, spentToday, startsThisHour } from '../quota/providerState.ts';
import type { QueueView } from '../quota/queueView.ts';
import { type EntryView, providerWait } from '../quota/queueWait.ts';
import { iso, reasonText, timeText, type WaitingFor } from '../quota/waitingText.ts';

/** The state of a provider entry. Times are ISO 8601, money is USD. */
export interface ProviderInfo {
  readonly provider: string;
  /** `removed`: the deployment no longer has the entry, but batches are left there. */
  readonly state: 'ready' | 'paused' | 'blocked' | 'cooling_down' | 'removed';
  /** Why it starts no batch now, as its batches say it. Absent if it is ready. */
  readonly waitingFor?: WaitingFor;
  /** Jobs that have not ended: those that the provider has accepted, and those that it may still refuse. */
  readonly jobs: {
    readonly running: number;
    readonly pending: number;
    /** Estimated prompt tokens of all of them. */
    readonly tokens: number;
    /** Absent: not known, or no such limit. */
    readonly max?: number;
    readonly startedThisHour: number;
    readonly maxPerHour?: number;
  };
  /** Batches that wait for room. */
  readonly queue: {
    readonly batches: number;
    /** Estimated prompt tokens. */
    readonly tokens: number;
    /** Since when the one that waits longest wants to run. */
    readonly oldestSince?: string;
    /** Whether the queue is longer than the 5,000 batches that were read of it. */
    readonly isAtLeast: boolean;
  };
  /** Models with jobs, or of which refusals have taught a limit. */
  readonly models: readonly ModelInfo[];
  /** Models and batches that the provider refuses while it accepts others. */
  readonly refusedAlone: readonly {
    /** Absent if it is one batch. */
    readonly model?: string;
    readonly batchId?: string;
    readonly reason: Reason;
    readonly until: string;
    readonly text: string;
  }[];
  /** Cost of the jobs that were collected today, by UTC. */
  readonly spentToday: number;
  readonly dailyBudget?: number;
  /** When the next day of the budget begins. */
  readonly budgetRenewsAt?: string;
}

/** What is known of a model at a provider. */
export interface ModelInfo {
  /** Empty for batches without one. */
  readonly model: string;
  readonly jobs: number;
  /** Estimated prompt tokens of its jobs. */
  readonly tokens: number;
  /** What all jobs may hold, as learned from refusals. */
  readonly learnedTokens?: number;
  readonly learnedRequests?: number;
  /** The learned limit for people. */
  readonly learnedText?: string;
  /** Time of the last refusal. */
  readonly refusedAt?: string;
  /** Set while the model cools down after a refusal for quota. */
  readonly coolingDown?: { readonly until: string; readonly reason: Reason };
}

/** @param isRemoved whether the deployment no longer has the entry */
export function providerInfo(
  { state, limits, dailyBudget }: EntryView,
  queue: QueueView,
  { now, isRemoved }: { readonly now: number; readonly isRemoved: boolean },
): ProviderInfo {
  const { provider } = state;
  const wait = isRemoved ? undefined : providerWait(provider, state, now);
  const { active, totals } = queue;
  const pending = active.filter(({ isPending }) => isPending).length;
  const renewsAt = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  return omitUndefined({
    provider,
    state: isRemoved ? ('removed' as const) : stateOf(wait),
    waitingFor: wait,
    jobs: omitUndefined({
      running: active.length - pending,
      pending,
      tokens: active.reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0),
      max: limits.maxInFlight,
      startedThisHour: startsThisHour(state, now),
      maxPerHour: limits.maxStartsPerHour,
    }),
    queue: omitUndefined({
      batches: totals.batches,
      tokens: totals.tokens,
      oldestSince: totals.oldestAt === undefined ? undefined : iso(totals.oldestAt),
      isAtLeast: totals.isAtLeast,
    }),
    models: modelInfos(state, queue, now),
    refusedAlone: refusedAlone(state, now),
    spentToday: spentToday(state, now),
    dailyBudget,
    budgetRenewsAt: dailyBudget === undefined ? undefined : iso(renewsAt),
  });
}

function stateOf(wait: WaitingFor | undefined): ProviderInfo['state'] {
  const kind = wait?.kind;
  return kind === 'paused' || kind === 'blocked' || kind === 'cooling_down' ? kind : 'ready';
}

function modelInfos(state: ProviderState, { active }: QueueView, now: number): ModelInfo[] {
  const names = new Set([
    ...active.map(({ model = '' }) => model),
    ...Object.keys(state.ceilings ?? {}),
  ]);
  return [...names].sort().flatMap((model) => {
    const jobs = active.filter((job) => (job.model ?? '') === model);
    const stored = Object.entries(state.ceilings ?? {}).find(([name]) => name === model)?.[1];
    const limit = stored && limitAt(stored, now);
    const { cooldown, tokens, requests, refusedAt } = limit ?? {};
    const isCoolingDown = cooldown !== undefined && now < cooldown.until;
    const learnedText = limit && limitText(limit);
    if (jobs.length === 0 && learnedText === undefined && !isCoolingDown) return [];
    return omitUndefined({
      model,
      jobs: jobs.length,
      tokens: jobs.reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0),
      learnedTokens: tokens && Math.floor(tokens),
      learnedRequests: requests && Math.floor(requests),
      learnedText,
      refusedAt: refusedAt === undefined ? undefined : iso(refusedAt),
      coolingDown: isCoolingDown
        ? { until: iso(cooldown.until), reason: cooldown.reason }
        : undefined,
    });
  });
}

function refusedAlone(state: ProviderState, now: number): ProviderInfo['refusedAlone'] {
  return exclusionsAt(state, now).map(({ job, isWholeModel, reason, until }) => {
    const { model, batchId } = job;
    const what = isWholeModel ? `the model ${model}` : `batch ${batchId}`;
    const text = `the account is refused for ${what} alone until ${timeText(until, now)}: ${reasonText(reason)}`;
    const subject = isWholeModel ? { model } : { batchId };
    return { ...subject, reason, until: iso(until), text };
  });
}
