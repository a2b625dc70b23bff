import { omitUndefined } from '../omitUndefined.ts';
import type { Provider } from './provider.ts';

/** How the calls of a provider are made. */
export interface CallWrapper {
  /** Makes a call, of the provider that it is given or of another one in its place. */
  call<T>(make: (provider: Provider) => Promise<T>): Promise<T>;
  /** Reads a list, or rows. */
  read<T>(open: (provider: Provider) => AsyncIterable<T>): AsyncIterable<T>;
}

/** The same provider, with each of its calls made by `wrapper`. */
export function wrapCalls(provider: Provider, { call, read }: CallWrapper): Provider {
  const { listStates, listStatesAfter } = provider;
  return {
    ...provider,
    ...omitUndefined({
      listStates: listStates && (() => read((one) => one.listStates?.() ?? listStates())),
      listStatesAfter:
        listStatesAfter &&
        ((jobId: string) => read((one) => (one.listStatesAfter ?? listStatesAfter)(jobId))),
    }),
    submit: (submission) => call((one) => one.submit(submission)),
    check: (jobId) => call((one) => one.check(jobId)),
    cancel: (jobId) => call((one) => one.cancel(jobId)),
    listJobs: (since, position) => read((one) => one.listJobs(since, position)),
    deleteFiles: (jobId) => call((one) => one.deleteFiles(jobId)),
    deleteLeftovers: (keys, since) => call((one) => one.deleteLeftovers(keys, since)),
    readRows: (outcome, job) => read((one) => one.readRows(outcome, job)),
  };
}
