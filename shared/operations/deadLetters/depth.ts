import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** About how many messages a queue has: SQS counts from many machines, and is a little behind. */
export interface Depth {
  /** To be received. */
  readonly waiting: number;
  /** Received, and neither deleted nor given back yet. */
  readonly inFlight: number;
  /** Sent with a delay that has not passed. */
  readonly delayed: number;
}

const NAMES = {
  waiting: 'ApproximateNumberOfMessages',
  inFlight: 'ApproximateNumberOfMessagesNotVisible',
  delayed: 'ApproximateNumberOfMessagesDelayed',
} as const;

export async function depthOf(sqs: SQSClient, queueUrl: string): Promise<Depth> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: Object.values(NAMES) }),
  );
  const count = (name: keyof Depth): number => Number(attributes[NAMES[name]] ?? 0);
  return { waiting: count('waiting'), inFlight: count('inFlight'), delayed: count('delayed') };
}

/** All that it has. */
export function totalOf({ waiting, inFlight, delayed }: Depth): number {
  return waiting + inFlight + delayed;
}
