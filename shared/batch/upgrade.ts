import * as z from 'zod';
import { omitUndefined } from '../omitUndefined.ts';
import { BATCH_SCHEMA_VERSION, batchSchema } from './record.ts';

/** A record as it is stored, by this version of the code or by an older one. */
export const storedBatchSchema = z.preprocess(upgradeRecord, batchSchema);

/** Fields of version 1 that later versions name or place otherwise. */
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
 * Brings a record of an older schema version into the present shape. Of version 1: what the message asked for is
 * gathered in `spec`, what the inspection found in `input`, and what makes a batch a part in `part`;
 * `cleanUp` is called `jobsToDelete`, and the outcome `aged` is called `deadline`. Versions 2 to 4 lack
 * only what later ones may leave out: `spec.completionWindow`, `input.isAbbreviated`; the time and the
 * attempt of a reason, `queuedSince`, `failureGroups`, `inputProblems`; `spec.tenant`. Anything else is returned as it
 * is: `batchSchema` refuses what it cannot be.
 *
 * An upgraded record is written in the present version with the batch's next transition.
 */
export function upgradeRecord(record: unknown): unknown {
  if (hasVersion(record, 1)) return upgraded(record as RecordOfVersion1);
  const isAlike = hasVersion(record, 2, 3, 4);
  return isAlike ? { ...record, schemaVersion: BATCH_SCHEMA_VERSION } : record;
}

function hasVersion(record: unknown, ...versions: readonly number[]): record is object {
  return (
    typeof record === 'object' &&
    record !== null &&
    'schemaVersion' in record &&
    versions.some((version) => record.schemaVersion === version)
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
    schemaVersion: BATCH_SCHEMA_VERSION,
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
