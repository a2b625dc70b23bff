import type { Provider } from '../../../shared/providers/provider.ts';
import type { Process } from '../process.ts';
import type { Schedule } from '../schedule.ts';
import { failure } from './jobs.ts';

/** The name of the entry whose calls hang. */
export const HUNG_ENTRY = 'hung';

/** When the client of a provider gives up, its own retries included. */
const GIVES_UP_MS = 120_000;

/** A provider behind a gateway: until some time, no call to it is answered, and none gets through. */
export function hungProvider(process: Process, provider: Provider, schedule: Schedule): Provider {
  const { hungUntil = 0 } = schedule;
  async function answered(): Promise<void> {
    if (schedule.now >= hungUntil) return;
    await process.wait(GIVES_UP_MS);
    throw failure('transient');
  }
  async function* listed<T>(list: () => AsyncIterable<T>): AsyncGenerator<T> {
    await answered();
    yield* list();
  }
  const { listStates, listStatesAfter } = provider;
  return {
    ...provider,
    submit: (submission) => answered().then(() => provider.submit(submission)),
    check: (jobId) => answered().then(() => provider.check(jobId)),
    cancel: (jobId) => answered().then(() => provider.cancel(jobId)),
    deleteFiles: (jobId) => answered().then(() => provider.deleteFiles(jobId)),
    deleteLeftovers: (keys, since) => answered().then(() => provider.deleteLeftovers(keys, since)),
    listJobs: (since) => listed(() => provider.listJobs(since)),
    ...(listStates && { listStates: () => listed(() => listStates()) }),
    ...(listStatesAfter && {
      listStatesAfter: (jobId) => listed(() => listStatesAfter(jobId)),
    }),
    readRows: (outcome, job) => listed(() => provider.readRows(outcome, job)),
  };
}
