import { readQueue } from '../emulators/queueContents.ts';

/**
 * Why messages were put aside, by the id of the message as it was sent: by the handler, which
 * gives its reason, or by the queue, after too many tries.
 */
export async function readRefusals(
  emulatorUrl: string,
  deadLetterQueue: string,
): Promise<ReadonlyMap<string, string>> {
  const { ready, delayed, inflight } = await readQueue(emulatorUrl, deadLetterQueue);
  const messages = [...ready, ...delayed, ...inflight.map(({ message }) => message)];
  return new Map(
    messages.map(({ messageId, messageAttributes: { reason, messageId: original } }) => [
      original?.StringValue ?? messageId,
      reason?.StringValue ?? 'no function could handle its message; see the logs',
    ]),
  );
}
