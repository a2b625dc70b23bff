import type { EventBridgeEvent } from 'aws-lambda';

/** What is used of the detail. */
interface StateChange {
  readonly batchId: string;
  readonly to: string;
  readonly counts: { readonly total: number; readonly succeeded: number };
}

/** Events come at least once, and in any order. */
export async function handler({
  detail: { batchId, to, counts },
}: EventBridgeEvent<'Batch State Change', StateChange>): Promise<void> {
  process.stdout.write(`${batchId} is ${to}: ${counts.succeeded} of ${counts.total}\n`);
}
