import type OpenAI from 'openai';
import type { Description, Provider } from '../provider.ts';
import { cancel } from './cancel.ts';
import { check } from './check.ts';
import { deleteFiles } from './deleteFiles.ts';
import { deleteLeftovers } from './deleteLeftovers.ts';
import type { Dialect } from './dialect.ts';
import { listJobs } from './listJobs.ts';
import { listStates } from './listStates.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** How a service that speaks OpenAI's Batch API is reached. */
export interface Clients {
  /** For calls that only read: they may be repeated. */
  readonly reads: OpenAI;
  /** For upload and create: nothing is sent twice unless the call says so. */
  readonly writes: OpenAI;
}

/** A provider made of what differs between such services. */
export function batchProvider(
  { reads, writes }: Clients,
  description: Description,
  dialect: Dialect,
  limits: Provider['limits'],
): Provider {
  return {
    ...description,
    limits,
    submit: (submission) => submit(writes, submission, dialect),
    check: (jobId) => check(reads, jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since) => listJobs(reads, since, dialect),
    listStates: () => listStates(reads),
    readRows: (outcome) => readRows(reads, outcome),
    deleteFiles: (jobId) => deleteFiles(reads, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(reads, keys, since),
  };
}
