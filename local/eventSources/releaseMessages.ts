import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { readQueue } from '../emulators/queueContents.ts';

/**
 * Makes the messages visible that an earlier run had received and not deleted. Whoever received
 * them is gone with that run, so nothing is gained by sitting out the visibility timeout.
 */
export async function releaseMessages(
  sqs: SQSClient,
  emulatorUrl: string,
  queue: { readonly name: string; readonly url: string },
): Promise<void> {
  const { inflight } = await readQueue(emulatorUrl, queue.name);
  for (const { receiptHandle } of inflight)
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: receiptHandle,
        // Not 0: with its data on disk the emulator fails at that, and loses the message.
        VisibilityTimeout: 1,
      }),
    );
}
