import type { BatchInfo } from '../client/batchInfo.ts';
import { agoText, costText, countText, durationText, instantText } from './format.ts';

/** A name and what it is. The text may come from outside. */
export type Fact = readonly [name: string, text: string];

/** What is known of a batch beside its progress. @param now milliseconds since 1970 */
export function factsOf(batch: BatchInfo, now: number): readonly Fact[] {
  const { provider, model, endpoint, priority, attempts, deliveries, partCount, usage } = batch;
  const { createdAt, notBefore, endedAt, deadlineAt, tenant, metadata, job } = batch;
  const fact = (name: string, text: string | undefined): readonly Fact[] =>
    text === undefined || text === '' ? [] : [[name, text]];
  const moment = (time: string | undefined) => time && timeText(time, now);
  return [
    ...fact('Provider entry', provider),
    ...fact('Model', model),
    ...fact('Endpoint', endpoint),
    ...fact('Tenant', tenant),
    ...Object.entries(metadata).flatMap(([key, value]) => fact(`Metadata: ${key}`, value)),
    ...fact('Priority', priority === 0 ? undefined : String(priority)),
    ...fact('Attempts', countText(attempts)),
    ...fact('Parts', partCount === undefined ? undefined : countText(partCount)),
    ...fact('Job', job && jobText(job, now)),
    ...fact('Invocations of the processor', countText(deliveries)),
    ...fact('Tokens', `${countText(usage.inputTokens)} in, ${countText(usage.outputTokens)} out`),
    ...fact(
      'Cached tokens',
      usage.cachedTokens === undefined ? undefined : countText(usage.cachedTokens),
    ),
    ...fact('Added', moment(createdAt)),
    ...fact('Not before', moment(notBefore)),
    ...fact('Ended', endedAt && `${timeText(endedAt, now)}, after ${lifeText(batch, now)}`),
    ...fact('Deadline', endedAt === undefined ? moment(deadlineAt) : undefined),
    ...fact('Source', batch.source),
    ...fact('Copy of the input', batch.input),
    ...fact('Copy of the input removed', moment(batch.inputExpiredAt)),
    ...fact('Results', batch.results),
    ...fact('Errors', batch.errors),
    ...fact('Refused lines', batch.inputErrors),
  ];
}

function jobText(job: NonNullable<BatchInfo['job']>, now: number): string {
  const { id, submittedAt, acceptedAt, finished, estimatedEndAt } = job;
  return [
    id,
    `submitted ${agoText(submittedAt, now)}`,
    ...(acceptedAt === undefined ? ['not yet known to be accepted'] : []),
    ...(finished === undefined ? [] : [`${countText(finished)} finished`]),
    ...(estimatedEndAt === undefined ? [] : [`ends about ${timeText(estimatedEndAt, now)}`]),
  ].join(', ');
}

/** What a batch costs: so far, as was estimated, and at most. */
export function costFacts({ cost, estimatedCost, maxCost }: BatchInfo): readonly Fact[] {
  return [
    ['So far', cost === null ? 'not known' : costText(cost)],
    ['Estimated', estimatedCost === undefined ? 'not known' : costText(estimatedCost)],
    ['At most', maxCost === undefined ? 'no limit' : costText(maxCost)],
  ];
}

/** How long it has lived, or had. @param now milliseconds since 1970 */
export function lifeText({ createdAt, endedAt }: BatchInfo, now: number): string {
  return durationText((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(createdAt));
}

/** A time, and how long ago it was or when it will be. */
export function timeText(time: string, now: number): string {
  return `${instantText(time)} (${agoText(time, now)})`;
}

/** The id of the batch that a part belongs to; undefined of a batch that is no part. */
export function parentOf(batchId: string): string | undefined {
  const slash = batchId.lastIndexOf('/');
  return slash < 0 ? undefined : batchId.slice(0, slash);
}

const ENDS: Partial<Record<BatchInfo['status'], string>> = {
  ...{ completed: 'It completed', failed: 'It failed', cancelled: 'It was cancelled' },
};

/** How a batch ended, when, and how long it had lived. @param when its end, in words */
export function endText(batch: BatchInfo, when: string, now: number): string {
  const { status } = batch;
  return `${ENDS[status] ?? `It is ${status}`} ${when}, ${lifeText(batch, now)} after it was added.`;
}
