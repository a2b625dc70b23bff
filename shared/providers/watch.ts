import { ProviderError } from '../batch/errors.ts';
import type { Provider } from './provider.ts';

/** The same provider; `onRefused` is called whenever it says that our account was refused. */
export function watchAccount(provider: Provider, onRefused: () => void): Provider {
  const note = (error: unknown): never => {
    if (error instanceof ProviderError && error.kind === 'account') onRefused();
    throw error;
  };
  async function* noted<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      note(error);
    }
  }
  const { listStates } = provider;
  return {
    ...provider,
    ...(listStates ? { listStates: () => noted(listStates()) } : {}),
    submit: (submission) => provider.submit(submission).catch(note),
    check: (jobId) => provider.check(jobId).catch(note),
    cancel: (jobId) => provider.cancel(jobId).catch(note),
    listJobs: (since) => noted(provider.listJobs(since)),
    deleteFiles: (jobId) => provider.deleteFiles(jobId).catch(note),
    deleteLeftovers: (keys, since) => provider.deleteLeftovers(keys, since).catch(note),
    readRows: (outcome, job) => noted(provider.readRows(outcome, job)),
  };
}
