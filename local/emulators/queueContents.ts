import * as z from 'zod';

const messageSchema = z.object({
  messageId: z.string(),
  body: z.string(),
  messageAttributes: z.record(z.string(), z.object({ StringValue: z.string().optional() })),
});

const contentsSchema = z.object({
  messages: z.object({
    ready: z.array(messageSchema),
    delayed: z.array(messageSchema),
    inflight: z.array(z.object({ message: messageSchema, receiptHandle: z.string() })),
  }),
});

/** Everything in a queue, without receiving it: the emulator's own window into its queues. */
export async function readQueue(
  emulatorUrl: string,
  queueName: string,
): Promise<z.infer<typeof contentsSchema>['messages']> {
  const response = await fetch(`${emulatorUrl}/_fauxqs/queues/${queueName}`, {
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`the queue ${queueName} cannot be read: ${response.status}`);
  return contentsSchema.parse(await response.json()).messages;
}
