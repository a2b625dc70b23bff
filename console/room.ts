import type { ProviderInfo } from '../shared/client/providerInfo.ts';
import type { EntryInspection } from '../shared/console/inspection.ts';
import { compactText, countText } from './format.ts';

/** Whether a batch would start at a provider entry at once, and why not. */
export interface Room {
  readonly isFree: boolean;
  readonly text: string;
}

/** Whether a provider entry has room for a file now. The handler decides it once it starts the batch. */
export function roomAt(
  { state, waitingFor, jobs, queue, models, spentToday, dailyBudget }: ProviderInfo,
  { estimate, maxEnqueuedTokens = Number.POSITIVE_INFINITY }: EntryInspection,
): Room {
  const full = (text: string): Room => ({ isFree: false, text });
  if (state !== 'ready') return full(waitingFor?.text ?? state.replace('_', ' '));
  const open = jobs.running + jobs.pending;
  if (jobs.max !== undefined && open >= jobs.max)
    return full(`it has ${countText(open)} jobs, and takes ${countText(jobs.max)}`);
  if (jobs.maxPerHour !== undefined && jobs.startedThisHour >= jobs.maxPerHour)
    return full(`it takes ${countText(jobs.maxPerHour)} new jobs an hour, which have started`);
  if (dailyBudget !== undefined && spentToday >= dailyBudget)
    return full('its budget of today is spent');
  const model = models.find((each) => each.model === (estimate?.model ?? ''));
  if (model?.coolingDown) return full('the model cools down after a refusal');
  const most = Math.min(maxEnqueuedTokens, model?.learnedTokens ?? Number.POSITIVE_INFINITY);
  const used = model?.tokens ?? 0;
  // A batch of several jobs needs room for one of them at first.
  const needed = (estimate?.inputTokens ?? 0) / Math.max(1, estimate?.jobs ?? 1);
  if (used > 0 && used + needed > most)
    return full(`jobs hold ${countText(used)} of ${countText(most)} tokens of the model`);
  if (queue.batches > 0) {
    const atLeast = queue.isAtLeast ? 'at least ' : '';
    const waiting = queue.batches === 1 ? 'batch waits' : 'batches wait';
    return full(`${atLeast}${countText(queue.batches)} ${waiting} there`);
  }
  return { isFree: true, text: 'room now' };
}

/** Tokens of the model that jobs hold, of how many they may. Undefined without a limit that is known. */
export function tokensText(
  { models }: Pick<ProviderInfo, 'models'>,
  { estimate, maxEnqueuedTokens }: EntryInspection,
): string | undefined {
  const model = models.find((each) => each.model === (estimate?.model ?? ''));
  const { tokens = 0, learnedTokens, learnedText } = model ?? {};
  const limits = [maxEnqueuedTokens, learnedTokens].filter((limit) => limit !== undefined);
  if (limits.length === 0) return undefined;
  const learned = learnedText === undefined ? '' : ` (learned: ${learnedText})`;
  return `${compactText(tokens)} of ${compactText(Math.min(...limits))}${learned}`;
}
