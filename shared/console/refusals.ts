import type { BatchInfo, JobInfo } from '../client/batchInfo.ts';
import type { Period } from './period.ts';

/** The fields of a batch that say what its jobs asked for and what became of them. */
export type AskingBatch = Pick<
  BatchInfo,
  | ('batchId' | 'status' | 'provider' | 'model' | 'counts' | 'estimatedTokens')
  | ('attempts' | 'partCount' | 'jobs' | 'job' | 'waitingFor' | 'reasons')
>;

/** A job that a provider was asked to take. */
export interface Ask {
  readonly batchId: string;
  /** ISO 8601. */
  readonly at: string;
  readonly requests: number;
  /** Estimated prompt tokens of those. */
  readonly tokens: number;
  readonly isRefused: boolean;
  /** Code of the provider's reason. */
  readonly code?: string | undefined;
}

/** How often a provider took and refused jobs of a model. */
export interface AskedModel {
  readonly provider: string;
  /** Empty for batches without one. */
  readonly model: string;
  readonly accepted: number;
  readonly refused: number;
}

export interface Asks {
  /** Those with the most refusals first, at most 50. */
  readonly models: readonly AskedModel[];
  /** The one that `asks` are of. Absent if no job was asked for. */
  readonly chosen?: AskedModel;
  /** The newest last, at most 500. */
  readonly asks: readonly Ask[];
}

const MAX_MODELS = 50;
const MAX_ASKS = 500;

/**
 * The jobs that providers were asked to take in a period, of one model.
 *
 * @param wanted Default: the one with the most refusals
 */
export function asksOf(
  batches: readonly AskingBatch[],
  { days }: Period,
  wanted?: Pick<AskedModel, 'provider' | 'model'>,
): Asks {
  // Times are compared as texts: reading one costs much more.
  const [first = ''] = days;
  const found = new Map<string, Map<string, Ask[]>>();
  for (const batch of batches)
    for (const { provider, ask } of batchAsks(batch))
      if (ask.at >= first) listOf(found, provider, batch.model ?? '').push(ask);
  const all = [...found].flatMap(([provider, models]) =>
    [...models].map(([model, asks]) => {
      const refused = asks.filter(({ isRefused }) => isRefused).length;
      return { provider, model, asks, refused, accepted: asks.length - refused };
    }),
  );
  all.sort((a, b) => b.refused - a.refused || b.accepted - a.accepted);
  const isWanted = (one: Pick<AskedModel, 'provider' | 'model'>) =>
    one.provider === wanted?.provider && one.model === wanted.model;
  const chosen = all.find(isWanted) ?? all[0];
  const asks = chosen ? chosen.asks.sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-MAX_ASKS) : [];
  return {
    models: all.slice(0, MAX_MODELS).map(shown),
    ...(chosen && { chosen: shown(chosen) }),
    asks,
  };
}

function listOf(found: Map<string, Map<string, Ask[]>>, provider: string, model: string): Ask[] {
  const models = found.get(provider) ?? new Map<string, Ask[]>();
  found.set(provider, models);
  const asks = models.get(model) ?? [];
  models.set(model, asks);
  return asks;
}

function shown({ provider, model, accepted, refused }: AskedModel): AskedModel {
  return { provider, model, accepted, refused };
}

interface AskAt {
  readonly provider: string;
  readonly ask: Ask;
}

/** The jobs of a batch. Those of its parts are in their own records. */
function batchAsks(batch: AskingBatch): readonly AskAt[] {
  const { batchId, provider, counts, estimatedTokens, jobs, job, reasons, waitingFor } = batch;
  // A batch whose input was not read has asked for nothing.
  if (estimatedTokens === undefined || counts.total === 0) return [];
  const asked = (at: string, requests: number, isRefused: boolean, code?: string): Ask => {
    const tokens = Math.ceil((estimatedTokens * requests) / counts.total);
    return { batchId, at, requests, tokens, isRefused, code };
  };
  const asks: AskAt[] = [];
  const noted = new Set<string>();
  for (const [index, past] of jobs.entries()) {
    const isRefused = isRefusedJob(batch, index);
    // The reason of a refusal was noted when the job was seen to have ended.
    if (isRefused) noted.add(`${past.endedAt} ${past.code}`);
    const code = isRefused ? past.code : undefined;
    const ask = asked(past.submittedAt, past.requests, isRefused, code);
    asks.push({ provider: past.provider, ask });
  }
  // A provider that refuses the call itself has made no job.
  for (const { at, quota, code } of reasons)
    if (at !== undefined && quota !== undefined && !noted.has(`${at} ${code}`)) {
      const requests = counts.total - succeededBefore(jobs, at);
      asks.push({ provider, ask: asked(at, requests, true, code) });
    }
  if (job && waitingFor?.kind === 'job' && !waitingFor.isPending) {
    const requests = counts.total - succeededBefore(jobs, job.submittedAt);
    asks.push({ provider, ask: asked(job.submittedAt, requests, false) });
  }
  return asks;
}

/**
 * Whether a job was refused, for quota or for the account: then it has used no attempt, so that the next
 * one has its number, or the batch has not come to it.
 */
function isRefusedJob(
  { jobs, attempts, partCount, job, status }: AskingBatch,
  index: number,
): boolean {
  const { end, attempt, succeeded } = jobs[index] as JobInfo;
  if (end !== 'failed' || succeeded > 0) return false;
  // Only a batch of which nothing has run is split, and its attempts are then those of its parts.
  if (partCount !== undefined) return true;
  const next = jobs[index + 1]?.attempt;
  if (next !== undefined) return next === attempt;
  // The job that runs has the number of the attempts so far.
  const isNextRunning = job !== undefined && (status === 'running' || status === 'collecting');
  return isNextRunning ? attempts === attempt : attempts < attempt;
}

function succeededBefore(jobs: AskingBatch['jobs'], at: string): number {
  return jobs
    .filter(({ endedAt }) => endedAt <= at)
    .reduce((sum, { succeeded }) => sum + succeeded, 0);
}
