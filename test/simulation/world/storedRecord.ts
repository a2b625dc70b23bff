import type { Batch } from '../../../shared/batch/record.ts';
import { TABLE } from '../../../shared/config.ts';
import { omitUndefined } from '../../../shared/omitUndefined.ts';
import { fromItem, type ItemLayout, toItem } from '../../../shared/stores/batchItem.ts';

/** A record as the table keeps it and gives it back. */
export interface StoredRecord {
  readonly batch: Batch;
  /** When the table may remove it, in milliseconds since 1970. */
  readonly expiresAt: number | undefined;
}

/**
 * Writes a record as the adapter does, and reads it back.
 *
 * @param asVersion1 whether a function of the version before is the one that writes it
 * @throws if it cannot be written, or not be read back
 */
export function storeAndRead(batch: Batch, layout: ItemLayout, asVersion1: boolean): StoredRecord {
  const item = toItem(batch, layout);
  const expiry = item[TABLE.timeToLive];
  const stored = asVersion1 ? { ...item, ...version1(item.record) } : item;
  return {
    batch: fromItem(stored),
    expiresAt: typeof expiry === 'number' ? expiry * 1000 : undefined,
  };
}

/** A record of version 2 in the shape of version 1. Both versions are described in `upgrade.ts`. */
function version1(text: string): { schemaVersion: number; record: string } {
  const { spec, part, input, jobsToDelete, ...record } = JSON.parse(text);
  const { endpoint, model, parts, ...inspected } = input ?? {};
  const inputOf1 = input && omitUndefined({ ...inspected, range: part?.range });
  const old = {
    ...record,
    ...spec,
    schemaVersion: 1,
    parent: part?.parentId,
    input: inputOf1,
    endpoint: endpoint ?? spec.endpoint,
    model,
    parts,
    cleanUp: jobsToDelete,
    intentAt: record.claim?.intentAt,
    outcome: record.outcome && withOldName(record.outcome, 'kind'),
    pastJobs: record.pastJobs.map((job: object) => withOldName(job, 'end')),
  };
  return { schemaVersion: 1, record: JSON.stringify(old) };
}

function withOldName(ended: object, field: 'kind' | 'end'): object {
  return Reflect.get(ended, field) === 'deadline' ? { ...ended, [field]: 'aged' } : ended;
}
