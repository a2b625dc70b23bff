import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** A queue as Lambda's poller drives it, by hand. */
export interface RealQueue {
  readonly url: string;
  /** Everything that was ever received, in order. */
  readonly received: readonly Message[];
  /**
   * Handles all messages that are there, one after the other. One whose handling throws is kept
   * until the next call, as the queue would show it again.
   *
   * @returns how many were handled
   */
  handleAll(handle: (message: Message) => Promise<void>): Promise<number>;
}

/** Longer than any test: what comes again comes from here, not from the emulator. */
const VISIBILITY_SECONDS = 3_600;

export function realQueue(sqs: SQSClient, url: string): RealQueue {
  const received: Message[] = [];
  let held: Message[] = [];

  const receive = async (): Promise<readonly Message[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    received.push(...Messages);
    return Messages;
  };

  return {
    url,
    received,
    async handleAll(handle) {
      const again = held;
      held = [];
      let handled = 0;
      for (let messages = [...again, ...(await receive())]; messages.length > 0; ) {
        for (const message of messages) {
          try {
            await handle(message);
            handled += 1;
            const { ReceiptHandle } = message;
            await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
          } catch {
            held.push(message);
          }
        }
        messages = [...(await receive())];
      }
      return handled;
    },
  };
}
