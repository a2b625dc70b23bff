import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, type LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { InvocationRefusedError } from '../batch/errors.ts';
import type { EventBus, Processor } from '../batch/ports.ts';
import { STATE_CHANGE } from '../config.ts';

/** @param functionArn ARN of the user's function, with its qualifier if it has one */
export function realProcessor(client: LambdaClient, functionArn: string): Processor {
  return {
    async invoke(event) {
      try {
        await client.send(
          new InvokeCommand({
            FunctionName: functionArn,
            InvocationType: 'Event',
            Payload: Buffer.from(JSON.stringify(event)),
          }),
        );
      } catch (error) {
        if (!isRefusal(error)) throw error;
        throw new InvocationRefusedError(error.message, { cause: error });
      }
    },
  };
}

/**
 * Whether Lambda has refused the invocation for certain. If the SDK has repeated the call, Lambda may
 * have accepted an earlier try whose reply was lost.
 */
function isRefusal(error: unknown): error is LambdaServiceException {
  if (!(error instanceof LambdaServiceException)) return false;
  return error.$fault === 'client' && error.$metadata.attempts === 1;
}

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
