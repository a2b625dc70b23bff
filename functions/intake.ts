import type { SQSRecord } from 'aws-lambda';
import { type BatchQueueDelivery, intake } from '../shared/usecases/intake/intake.ts';
import { type Compose, composition } from './compose.ts';
import { sqsHandler } from './sqsHandler.ts';

/** Acts on the messages of the batch queue: adds batches, and carries out commands. */
export function createIntake(compose: Compose) {
  return sqsHandler(compose, (dependencies, record) => intake(dependencies, deliveryOf(record)));
}

function deliveryOf({ body, messageId, attributes }: SQSRecord): BatchQueueDelivery {
  return {
    ...{ body, messageId },
    sentAt: Number(attributes.SentTimestamp),
    sender: attributes.SenderId,
    receiveCount: Number(attributes.ApproximateReceiveCount),
  };
}

export const handler = createIntake(composition());
