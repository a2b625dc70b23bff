import * as z from 'zod';
import { omitUndefined } from '../omitUndefined.ts';
import { batchSchema } from './record.ts';

/** A record as it is stored, by this version of the code or by an older one. */
export const storedBatchSchema = z.preprocess(upgradeRecord, batchSchema);

/** Fields of version 1 that version 2 names or places otherwise. */
interface RecordOfVersion1 {
  readonly statusAt: number;
  readonly provider: string;
  readonly providers?: readonly string[];
  readonly format?: string;
  readonly endpoint?: string;
  readonly model?: string;
  readonly parent?: string;
  readonly parts?: readonly unknown[];
  readonly retries?: number;
  readonly input?: { readonly range?: unknown };
  readonly claim?: object;
  readonly intentAt?: number;
  readonly outcome?: { readonly kind: string };
  readonly pastJobs?: readonly { readonly end: string }[];
  readonly cleanUp?: readonly string[];
  readonly [field: string]: unknown;
}

/**
 * Brings a record of schema version 1 into the shape of version 2: what the message asked for is
 * gathered in `spec`, what the inspection found in `input`, and what makes a batch a part in `part`;
 * `cleanUp` is called `jobsToDelete`, and the outcome `aged` is called `deadline`. Anything else is
 * returned as it is: `batchSchema` refuses what it cannot be.
 *
 * An upgraded record is written as version 2 with the batch's next transition.
 */
export function upgradeRecord(record: unknown): unknown {
  return isVersion1(record) ? upgraded(record) : record;
}

function isVersion1(record: unknown): record is RecordOfVersion1 {
  return (
    typeof record === 'object' &&
    record !== null &&
    'schemaVersion' in record &&
    record.schemaVersion === 1
  );
}

function upgraded(record: RecordOfVersion1): object {
  const { provider, providers = [provider], format = 'openai', endpoint, model } = record;
  const { source, priority, notBefore, maxCost, completionWindow, options, metadata } = record;
  const { parent, parts, claim, outcome, cleanUp = [], pastJobs = [], retries = 0 } = record;
  const { range, ...input } = record.input ?? {};
  const spec = { source, format, endpoint, priority, notBefore, maxCost, completionWindow };
  return omitUndefined({
    ...record,
    schemaVersion: 2,
    spec: omitUndefined({ ...spec, providers, options, metadata }),
    part: parent === undefined ? undefined : { parentId: parent, range },
    input: record.input && omitUndefined({ ...input, endpoint: endpoint ?? '', model, parts }),
    retries,
    claim: claim && { ...claim, intentAt: record.intentAt ?? record.statusAt },
    outcome: outcome && { ...outcome, kind: endOf(outcome.kind) },
    pastJobs: pastJobs.map((job) => ({ ...job, end: endOf(job.end) })),
    jobsToDelete: cleanUp,
  });
}

function endOf(kind: string): string {
  return kind === 'aged' ? 'deadline' : kind;
}
