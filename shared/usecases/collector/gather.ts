import pMap from 'p-map';
import type { JoinMessage } from '../../batch/collectorMessages.ts';
import { messageOf } from '../../batch/errors.ts';
import { METRICS } from '../../metrics.ts';
import { subjectOf } from '../about.ts';
import { accept, type CollectorDependencies, type Delivered } from './accept.ts';
import { type CollectedRequest, laneKeyOf } from './collectedRequest.ts';
import { joinWindow } from './joinWindow.ts';
import { register } from './register.ts';

/** Refusals and pointers are a call each. */
const CONCURRENCY = 20;

/**
 * Takes in messages of the collector queue. A request is in the bucket and named by its lane before
 * its message is reported as handled: whatever fails, or dies, is delivered again.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 * @returns ids of the messages that go back to the queue
 */
export async function gather(
  dependencies: CollectorDependencies,
  deliveries: readonly Delivered[],
  deadline: number,
): Promise<ReadonlySet<string>> {
  const { log, metrics } = dependencies;
  const failed = new Set<string>();
  const joins: { readonly messageId: string; readonly message: JoinMessage }[] = [];
  const lanes = new Map<string, CollectedRequest[]>();

  async function attempt(ids: readonly string[], part: () => Promise<void>): Promise<void> {
    try {
      await part();
    } catch (error) {
      for (const id of ids) failed.add(id);
      const fields = { messages: ids.length, ...subjectOf(error), error: messageOf(error) };
      log.error('messages go back to the collector queue', fields);
    }
  }

  async function takeIn(delivered: Delivered): Promise<void> {
    const accepted = await accept(dependencies, delivered);
    if (accepted?.type === 'join') joins.push(accepted);
    if (accepted?.type !== 'request') return;
    const key = laneKeyOf(accepted.request);
    const lane = lanes.get(key) ?? [];
    lane.push(accepted.request);
    lanes.set(key, lane);
  }

  await pMap(deliveries, (delivered) => attempt([delivered.messageId], () => takeIn(delivered)), {
    concurrency: CONCURRENCY,
  });
  for (const requests of lanes.values()) {
    const ids = requests.map(({ messageId }) => messageId);
    await attempt(ids, async () => {
      await register(dependencies, requests);
      metrics.count(METRICS.requestsCollected, requests.length, requests[0]?.provider);
    });
  }
  // Last: it may take long, and what has been gathered must not wait for it.
  for (const { messageId, message } of joins) {
    await attempt([messageId], () => joinWindow(dependencies, message, deadline));
  }
  return failed;
}
