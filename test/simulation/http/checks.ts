import { fileKey } from '../../../shared/batch/ids.ts';
import type { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import type { ReportBroken } from '../verdict.ts';
import type { Table } from '../world/table.ts';
import type { HttpUsers } from './users.ts';

/** Whether each accepted create is one batch, and nothing but creates made batches. */
export function checkOverHttp(
  { table, bucket }: { readonly table: Table; readonly bucket: MemoryBucket },
  { intents, files, deleted, cancelled, wrong }: HttpUsers,
  breaks: ReportBroken,
): void {
  for (const what of wrong) breaks('violation', what);
  const made = [...table.all(), ...table.removed.values()].filter(({ part }) => !part);
  const idsOf = (fileId: string) =>
    made.filter(({ spec }) => spec.source.key === fileKey(fileId)).map(({ batchId }) => batchId);

  for (const { accepted } of intents) {
    if (accepted === undefined) continue;
    const batch = made.find(({ batchId }) => batchId === accepted);
    if (!batch) breaks('lost', `${accepted} was created over HTTP and is gone`);
    else if (batch.reasons.some(({ code }) => code === 'no_such_file'))
      breaks('lost', `the file of ${accepted} was deleted before the batch had a copy`);
  }
  for (const { fileId, content } of files) {
    const wanted = intents.filter((intent) => intent.fileId === fileId);
    const ids = idsOf(fileId);
    if (ids.length > wanted.length)
      breaks('duplicated', `${ids} are made of ${fileId} by ${wanted.length} creates`);
    const found = bucket.objects.get(fileKey(fileId))?.toString();
    // Nobody removes what a failed deletion has left.
    if (found !== content && !(found === undefined && deleted.has(fileId)))
      breaks('violation', `file ${fileId} is not what was uploaded`);
  }
  const byBatch = Map.groupBy(intents, ({ accepted }) => accepted);
  for (const [batchId, sharing] of byBatch)
    if (batchId !== undefined && new Set(sharing.map(({ body }) => body)).size > 1)
      breaks('lost', `creates with different bodies were all answered with ${batchId}`);
  for (const batchId of cancelled) {
    const batch = table.get(batchId);
    // It may have been cancelled at its provider before.
    if (batch && !batch.cancelRequested && batch.status !== 'cancelled')
      breaks('violation', `the cancel of ${batchId} was accepted and is not in its record`);
  }
}
