import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { EventBus } from '../batch/ports.ts';
import { STATE_CHANGE } from '../config.ts';

export function realEventBus(client: EventBridgeClient, eventBusName: string): EventBus {
  return {
    async publish(change) {
      const { FailedEntryCount: failed, Entries: entries } = await client.send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: eventBusName,
              Source: STATE_CHANGE.source,
              DetailType: STATE_CHANGE.detailType,
              Time: new Date(change.at),
              Detail: JSON.stringify(change),
            },
          ],
        }),
      );
      // The call succeeds even if EventBridge has not accepted the event.
      if (!failed) return;
      const { ErrorCode: code, ErrorMessage: message } = entries?.[0] ?? {};
      throw new Error(
        `event bus ${eventBusName} did not accept the event of batch ${change.batchId}: ${code}: ${message}`,
      );
    },
  };
}
