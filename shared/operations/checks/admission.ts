import { everyActive } from '../../batch/partitions.ts';
import { waitingPages } from '../../batch/waitingQueues.ts';
import { exclusionsAt, isUnavailable } from '../../quota/hold.ts';
import { limitAt, limitText } from '../../quota/learnedLimit.ts';
import { isPaused, type ProviderState } from '../../quota/providerState.ts';
import { counted, durationText } from '../../terminal.ts';
import {
  type Check,
  type CheckResult,
  type DoctorContext,
  noteResult,
  okResult,
  problemResult,
} from '../check.ts';

/** What keeps batches from being started at a provider. */
export const admissionCheck: Check = {
  name: 'admission',
  permissions: ['dynamodb:GetItem', 'dynamodb:Query'],
  async run(context) {
    const { providerStates, handler } = context.connection;
    const names = new Set([...handler.providers, ...(await providerStates.list())]);
    const results: CheckResult[] = [];
    for (const name of names)
      if (handler.providers.includes(name))
        results.push(...stateResults(await providerStates.get(name), context.now()));
      else results.push(...(await removedEntryResults(context, name)));
    return results.length > 0
      ? results
      : [okResult('no provider is paused, blocked or cooling down')];
  },
};

function stateResults(state: ProviderState, now: number): readonly CheckResult[] {
  const { provider, hold, lastCommand } = state;
  const results: CheckResult[] = [];
  if (isPaused(state) && lastCommand) {
    const why = lastCommand.reason === undefined ? '' : `: ${lastCommand.reason}`;
    const { by = 'a user' } = lastCommand;
    const what = `${provider} was paused by ${by} ${durationText(now - lastCommand.sentAt)} ago${why}`;
    results.push(noteResult(what, `batch-handler resume ${provider}`));
  }
  if (hold && isUnavailable(state, now)) {
    const until = waitText(hold, now);
    const why = `${hold.reason.code}: ${hold.reason.message}`;
    results.push(
      hold.kind === 'account'
        ? problemResult(
            `${provider} is blocked ${until}: ${why}`,
            `correct what that names of its key, permissions, billing or settings, then run batch-handler resume ${provider}`,
          )
        : noteResult(`${provider} is over quota and cooling down ${until}: ${why}`),
    );
  }
  for (const { job, isWholeModel, reason, ...exclusion } of exclusionsAt(state, now)) {
    const until = waitText(exclusion, now);
    const what = isWholeModel ? `the model ${job.model}` : `batch ${job.batchId}`;
    results.push(
      problemResult(
        `${provider} refuses the account for ${what} alone, which waits ${until}: ${reason.code}: ${reason.message}`,
        `correct the permission or the request, then run batch-handler resume ${provider}`,
      ),
    );
  }
  for (const [model, stored] of Object.entries(state.ceilings ?? {})) {
    const limit = limitAt(stored, now);
    const { cooldown } = limit;
    if (cooldown?.reason.quota && now < cooldown.until) {
      const until = waitText(cooldown, now);
      const why = `${cooldown.reason.code}: ${cooldown.reason.message}`;
      results.push(
        noteResult(`${provider} is full for ${model} and cooling down ${until}: ${why}`),
      );
    }
    const learned = limitText(limit);
    if (learned === undefined) continue;
    const at = new Date(limit.refusedAt ?? now).toISOString();
    const name = model === '' ? 'batches without a model' : model;
    const what = `learned limit of ${name} at ${provider}: ${learned}, from a refusal at ${at}`;
    results.push(noteResult(what, `batch-handler resume ${provider}, if it no longer holds`));
  }
  return results;
}

/** Of more batches than this, no further page is read. */
const MAX_COUNTED = 1_000;

/** A provider entry that is no longer in the deployment, but still has batches. */
async function removedEntryResults(
  { connection }: DoctorContext,
  name: string,
): Promise<readonly CheckResult[]> {
  const { batches } = connection;
  let count = 0;
  let isCut = false;
  for (const partition of everyActive(batches)) {
    const active = await batches.listActive(name, undefined, partition);
    count += active.items.length;
    isCut ||= active.cursor !== undefined;
    if (count >= MAX_COUNTED) break;
  }
  for await (const page of waitingPages(batches, name)) {
    count += page.length;
    if (count >= MAX_COUNTED) break;
  }
  if (count === 0) return [];
  const more = count < MAX_COUNTED && !isCut ? '' : ' or more';
  return [
    problemResult(
      `the deployment no longer has entry ${name}, where ${counted(count, 'batch', 'batches')}${more} ${count === 1 ? 'waits or runs' : 'wait or run'}`,
      `deploy the entry again until they have ended, or cancel them (batch-handler list --provider ${name})`,
    ),
  ];
}

/** For how long something waits after refusals, and after how many. */
function waitText(
  { until, refusals }: { readonly until: number; readonly refusals: number },
  now: number,
): string {
  return `for another ${durationText(until - now)}, after ${counted(refusals, 'refusal')} in a row`;
}
