import { intake } from '../shared/usecases/intake/intake.ts';
import { sqsHandler } from './sqsHandler.ts';

/** Acts on the messages of the batch queue: adds batches, and carries out commands. */
export const handler = sqsHandler((dependencies, { body, messageId, attributes }) =>
  intake(dependencies, {
    body,
    messageId,
    sentAt: Number(attributes.SentTimestamp),
    sender: attributes.SenderId,
    receiveCount: Number(attributes.ApproximateReceiveCount),
  }),
);
