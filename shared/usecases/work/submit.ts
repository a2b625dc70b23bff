import { messageOf, ProviderError } from '../../batch/errors.ts';
import type { BatchEvent } from '../../batch/events.ts';
import type { ScratchFile } from '../../batch/ports.ts';
import { shortReason } from '../../batch/reason.ts';
import { selectRequests } from '../../jsonl/select.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { jobContext } from './jobContext.ts';
import { rowSources } from './rowSources.ts';
import type { Task } from './work.ts';

/** Sends the requests that have no end yet to the provider, as one job. */
export async function submit(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const { batch, token } = task;
  const file = await dependencies.scratch.create();
  try {
    const sources = rowSources(dependencies, task);
    const { requests } = await selectRequests(sources, batch.selection, file);
    if (requests === 0) {
      const reason = shortReason('nothing_to_submit', 'no request is left to submit');
      return { type: 'submitRefused', token, refusal: 'permanent', reason };
    }
    const provider = await dependencies.providers.get(batch.provider);
    return await create(dependencies, task, provider, { file, requests });
  } catch (error) {
    return refusalOf(error, token);
  } finally {
    await file.remove();
  }
}

/** From here on a job may exist: whatever is not a definite answer leaves that open. */
async function create(
  { clock, policy }: Dependencies,
  { batch, token }: Task,
  provider: Provider,
  selected: { readonly file: ScratchFile; readonly requests: number },
): Promise<BatchEvent> {
  try {
    const { jobId } = await provider.submit({
      ...jobContext(batch),
      ...selected,
      completionWindow: batch.completionWindow,
      createDeadlineMs: policy.createDeadlineSeconds * 1000,
    });
    const job = { id: jobId, submission: batch.submission, submittedAt: clock.now() };
    return { type: 'submitted', job };
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const reason = shortReason('submit_uncertain', messageOf(error));
    return { type: 'submitUncertain', token, reason };
  }
}

function refusalOf(error: unknown, token: string): BatchEvent {
  if (!(error instanceof ProviderError)) throw error;
  const { kind, reason } = error;
  switch (kind) {
    case 'quota':
    case 'account':
    case 'permanent':
      return { type: 'submitRefused', token, refusal: kind, reason };
    case 'uncertain':
      return { type: 'submitUncertain', token, reason };
    case 'transient':
    case 'missing':
      return { type: 'workFailed', token, reason };
  }
}
