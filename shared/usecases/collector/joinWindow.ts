import { collectedBatchId } from '../../batch/collectorLane.ts';
import type { JoinMessage } from '../../batch/collectorMessages.ts';
import { withoutWindow } from '../../batch/collectorWindows.ts';
import { uploadKey } from '../../batch/identifiers.ts';
import { addMessageSchema } from '../../batch/messages.ts';
import { about } from '../about.ts';
import type { CollectorDependencies } from './accept.ts';
import { ownLines } from './ownLines.ts';
import { updateLane } from './updateLane.ts';

const LINE_END = Buffer.from('\n');

/**
 * Makes a batch of a sealed window: writes the requests that are this window's into one file and
 * sends the message that adds it. Every step may be repeated, also at the same time by another:
 * which requests are the window's is decided once and for all, so the file is always the same.
 */
export function joinWindow(
  dependencies: CollectorDependencies,
  message: JoinMessage,
  deadline: number,
): Promise<void> {
  const batchId = collectedBatchId(message.laneId, message.window);
  // The batch that it becomes has no record yet, and no attempt.
  return about({ batchId, attempt: 0 }, () => join(dependencies, message, batchId, deadline));
}

async function join(
  dependencies: CollectorDependencies,
  { laneId, window: number }: JoinMessage,
  batchId: string,
  deadline: number,
): Promise<void> {
  const { collector, batches, queues, objects, log } = dependencies;
  const lane = await collector.lanes.get(laneId);
  const window = lane?.sealed.find((each) => each.number === number);
  if (!lane || !window || (await batches.get(batchId))) return log.info('joined before');
  const writer = objects.writer(uploadKey(batchId));
  let requests = 0;
  try {
    for await (const lines of ownLines(dependencies, { lane, window, batchId }, deadline)) {
      requests += lines.length;
      await writer.write(Buffer.concat(lines.flatMap((line) => [line, LINE_END])));
    }
    if (requests > 0) await writer.close();
    else await writer.abort();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  if (requests === 0) {
    // All of them were sent before: there is no batch to wait for.
    await updateLane(collector, laneId, async (found) => found && withoutWindow(found, number));
    return log.info('nothing new in a window');
  }
  const { priority, metadata } = collector.settings;
  const { provider, endpoint } = lane;
  const message = { batchId, provider, endpoint, priority, metadata };
  await queues.sendBatch(addMessageSchema.parse(message), 0);
  log.info('window joined', { provider, requests });
}
