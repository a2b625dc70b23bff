import { costOf, dollars, estimatedCostOfJob, expectedOfJob } from '../batch/cost.ts';
import type { Limits } from '../batch/job.ts';
import { requestsToSend } from '../batch/ledger.ts';
import type { ActiveHint } from '../batch/ports.ts';
import type { BatchIn } from '../batch/record.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { exclusionOf, isUnavailable } from './hold.ts';
import { type LearnedLimit, maxPending } from './learnedLimit.ts';
import {
  DAY_MS,
  HOUR_MS,
  isPaused,
  learnedLimit,
  type ProviderState,
  spentToday,
  startsThisHour,
} from './providerState.ts';
import type { QueuePlace, QueueView } from './queueView.ts';
import type { TenantState } from './tenantState.ts';
import { counted, iso, reasonText, timeText, type WaitingFor } from './waitingText.ts';

/** What is known of a provider entry. */
export interface EntryView {
  readonly state: ProviderState;
  /** Those that are known: of an older deployment, only what its settings say. */
  readonly limits: Partial<Limits>;
  /** USD per UTC day. Undefined: no limit. */
  readonly dailyBudget?: number | undefined;
  /** Undefined if it was not read. */
  readonly queue?: QueueView | undefined;
}

type Queued = BatchIn<'queued'>;

/**
 * Why a queued batch does not start, by the rules of admission. The first cause that holds counts: a
 * provider that is paused starts nothing, whatever room it has.
 *
 * @param entry undefined if the deployment has no such entry
 * @param tenant undefined if nothing is known of the batch's tenant, or it has none
 */
export function queueWait(
  batch: Queued,
  entry: EntryView | undefined,
  tenant: TenantState | undefined,
  now: number,
): WaitingFor {
  const { provider } = batch;
  if (!entry) {
    const text = `the deployment has no provider ${provider} any more`;
    return { kind: 'no_provider', text, provider };
  }
  return (
    providerWait(provider, entry.state, now) ??
    exclusionWait(batch, entry.state, now) ??
    cooldownWait(batch, entry, now) ??
    tenantBudgetWait(batch, entry, tenant, now) ??
    budgetWait(batch, entry, now) ??
    roomWait(batch, entry, now)
  );
}

/** Why no batch starts at a provider; undefined if some may. */
export function providerWait(
  provider: string,
  state: ProviderState,
  now: number,
): WaitingFor | undefined {
  const { lastCommand, hold } = state;
  if (isPaused(state) && lastCommand) {
    const { by, reason, sentAt } = lastCommand;
    const why = reason === undefined ? '' : `: ${reason}`;
    const text = `${provider} was paused by ${by ?? 'a user'} at ${timeText(sentAt, now)}${why}`;
    return omitUndefined({
      kind: 'paused' as const,
      text,
      since: iso(sentAt),
      provider,
      by,
      reason,
    });
  }
  if (!hold || !isUnavailable(state, now)) return undefined;
  const { kind, reason, since, until, refusals } = hold;
  const what = kind === 'account' ? 'is blocked' : 'is over quota and cooling down';
  const text = `${provider} ${what} until ${timeText(until, now)}: ${reasonText(reason)}`;
  return omitUndefined({
    ...{ kind: kind === 'account' ? ('blocked' as const) : ('cooling_down' as const), text },
    ...{
      since: since === undefined ? undefined : iso(since),
      until: iso(until),
      provider,
      reason,
      refusals,
    },
  });
}

function exclusionWait(batch: Queued, state: ProviderState, now: number): WaitingFor | undefined {
  const { batchId, provider, input } = batch;
  const exclusion = exclusionOf(state, { batchId, model: input.model }, now);
  if (!exclusion) return undefined;
  const { reason, since, until, refusals, isWholeModel, job } = exclusion;
  const what = isWholeModel ? `the model ${job.model}` : 'this batch alone';
  const text = `${provider} refuses the account for ${what} until ${timeText(until, now)}: ${reasonText(reason)}`;
  const times = { since: iso(since), until: iso(until) };
  return { kind: 'blocked', text, ...times, provider, reason, refusals };
}

/** Beside a model that cools down, a job of at most half the refused size may start by itself. */
function cooldownWait(
  { provider, input, ...batch }: Queued,
  { state, queue }: EntryView,
  now: number,
): WaitingFor | undefined {
  const { model = '' } = input;
  const { cooldown } = learnedLimit(state, model, now);
  if (!cooldown || now >= cooldown.until) return undefined;
  const isSmall = expectedOfJob({ ...batch, input }).inputTokens * 2 <= cooldown.tokens;
  if (isSmall && !queue?.usage.models.get(model)?.pending) return undefined;
  const { reason, since, until, refusals } = cooldown;
  const text = `${provider} is over quota for ${modelText(model)}, which cools down until ${timeText(until, now)}: ${reasonText(reason)}`;
  const times = { since: iso(since), until: iso(until) };
  return { kind: 'cooling_down', text, ...times, provider, reason, refusals };
}

function budgetWait(batch: Queued, entry: EntryView, now: number): WaitingFor | undefined {
  const { dailyBudget: budget, state, queue } = entry;
  const { provider } = batch;
  if (budget === undefined) return undefined;
  const spent = spentToday(state, now);
  const jobs = queue?.active ?? [];
  const wait = dailyBudgetWait(batch, { owner: provider, spent, budget, jobs }, now);
  return wait && { ...wait, kind: 'budget', provider, spent, budget };
}

/** Of the tenant's jobs, those at other providers are not known here. */
function tenantBudgetWait(
  batch: Queued,
  { queue }: EntryView,
  state: TenantState | undefined,
  now: number,
): WaitingFor | undefined {
  const { tenant } = batch.spec;
  const budget = state?.dailyBudget;
  if (tenant === undefined || budget === undefined) return undefined;
  const spent = spentToday(state ?? { version: 0 }, now);
  const jobs = queue?.active.filter((job) => job.tenant === tenant) ?? [];
  const wait = dailyBudgetWait(batch, { owner: `tenant ${tenant}`, spent, budget, jobs }, now);
  return wait && { ...wait, kind: 'tenant_budget', tenant, spent, budget };
}

/** What was spent of a daily budget, and the jobs that are not. */
interface DailyBudget {
  /** Whose it is, in words. */
  readonly owner: string;
  /** USD. */
  readonly budget: number;
  readonly spent: number;
  readonly jobs: readonly ActiveHint[];
}

/** The cost of jobs of other models is not known here, so a batch may wait for the budget all the same. */
function dailyBudgetWait(
  batch: Queued,
  { owner, budget, spent, jobs }: DailyBudget,
  now: number,
): Pick<WaitingFor, 'text' | 'until'> | undefined {
  const { input } = batch;
  const cost = estimatedCostOfJob(batch);
  if (cost === undefined || !input.price) {
    const text = `${owner} has a daily budget, and ${modelText(input.model ?? '')} no price`;
    return { text };
  }
  let committed = 0;
  for (const job of jobs)
    if (job.model === input.model) committed += costOf(job.expected, input.price);
  if (spent + committed + cost <= budget) return undefined;
  if (cost > budget) {
    const text = `it is estimated at ${dollars(cost)}, more than the daily budget of ${owner}, ${dollars(budget)}`;
    return { text };
  }
  const until = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  const running = committed > 0 ? ` and ${dollars(committed)} in running jobs` : '';
  const text = `the daily budget of ${owner} is used until ${timeText(until, now)}: ${dollars(spent)} spent today${running}, of ${dollars(budget)}, and it needs ${dollars(cost)}`;
  return { text, until: iso(until) };
}

/** The batch waits for room, or only for the next sweep. */
function roomWait(batch: Queued, entry: EntryView, now: number): WaitingFor {
  const { provider, batchId, input, spec, statusAt } = batch;
  const { model } = input;
  const { tenant } = spec;
  const place = entry.queue?.placeOf({ batchId, tenant, model });
  const obstacle = obstacleOf(batch, entry, now);
  const why = obstacle?.text ?? `the next sweep looks for room at ${provider}`;
  const where = place && placeText(place, provider, { tenant, model });
  return omitUndefined({
    kind: 'queue' as const,
    text: where === undefined ? why : `${where}: ${why}`,
    since: iso(statusAt),
    until: obstacle?.until,
    provider,
    isFull: obstacle !== undefined,
    position: place?.position,
    tokensAhead: place?.tokensAhead,
    sharedWith: place?.others || undefined,
    jobs: entry.queue?.usage.jobs,
    limitTokens: tokenLimit(learnedLimit(entry.state, model, now), entry.limits),
  });
}

function placeText(
  { position, tokensAhead, isAtLeast, others }: QueuePlace,
  provider: string,
  {
    tenant,
    model = '',
  }: { readonly tenant?: string | undefined; readonly model?: string | undefined },
): string {
  const queue = `the queue of ${provider}${tenant === undefined ? '' : ` for tenant ${tenant}`}`;
  const shared = others === 0 ? '' : `, which shares it with ${counted(others, 'other')}`;
  const tokens = `${counted(tokensAhead)} tokens of ${modelText(model)} ahead of it`;
  if (isAtLeast)
    return `beyond number ${counted(position - 1)} in ${queue}${shared}, with more than ${tokens}`;
  const where = `number ${counted(position)} in ${queue}${shared}`;
  return position === 1 ? where : `${where}, with about ${tokens}`;
}

interface Obstacle {
  readonly text: string;
  readonly until?: string;
}

/** What keeps a batch out at the present use of the provider; undefined if it would fit. */
function obstacleOf(batch: Queued, entry: EntryView, now: number): Obstacle | undefined {
  const { provider, input } = batch;
  const { limits, state, queue } = entry;
  if (!queue) return undefined;
  const { usage } = queue;
  const { maxInFlight, maxStartsPerHour, maxEnqueuedRequests } = limits;
  if (maxInFlight !== undefined && usage.jobs >= maxInFlight)
    return {
      text: `${provider} has ${counted(usage.jobs, 'job')}, and takes ${counted(maxInFlight)}`,
    };
  if (maxStartsPerHour !== undefined && startsThisHour(state, now) >= maxStartsPerHour) {
    const until = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
    const text = `${provider} takes ${counted(maxStartsPerHour, 'new job')} an hour, and more after ${timeText(until, now)}`;
    return { text, until: iso(until) };
  }
  const { model = '', estimatedTokens } = input;
  const unused = { tokens: 0, requests: 0, pending: 0 };
  const used = usage.models.get(model) ?? unused;
  const learned = learnedLimit(state, model, now);
  if (used.pending >= maxPending(learned))
    return {
      text: `${provider} has not accepted ${counted(used.pending, 'job')} yet, and more are sent once it has`,
    };
  const most = tokenLimit(learned, limits);
  if (most !== undefined && used.tokens > 0 && used.tokens + estimatedTokens > most) {
    const kind = learned.tokens === undefined ? '' : ', as learned from refusals';
    const text = `jobs hold ${counted(used.tokens)} of ${counted(most)} tokens of ${modelText(model)}${kind}, and it needs ${counted(estimatedTokens)}`;
    return { text };
  }
  const requests = requestsToSend(batch);
  const ofModel = learned.requests ?? Number.POSITIVE_INFINITY;
  const isFull = (inUse: number, limit = Number.POSITIVE_INFINITY) =>
    inUse > 0 && inUse + requests > limit;
  if (isFull(used.requests, ofModel) || isFull(usage.requests, maxEnqueuedRequests)) {
    const limit = Math.min(ofModel, maxEnqueuedRequests ?? Number.POSITIVE_INFINITY);
    return {
      text: `jobs hold ${counted(usage.requests)} of ${counted(limit)} requests, and it needs ${counted(requests)}`,
    };
  }
  return undefined;
}

/** The lower one of the configured limit and the learned one. */
function tokenLimit(learned: LearnedLimit, limits: Partial<Limits>): number | undefined {
  const { tokens = Number.POSITIVE_INFINITY } = learned;
  const most = Math.min(tokens, limits.maxEnqueuedTokens ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(most) ? Math.floor(most) : undefined;
}

function modelText(model: string): string {
  return model === '' ? 'batches without a model' : model;
}
