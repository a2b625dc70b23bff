/** What each function is invoked with: a message of a batch that the table does not know. */

export const SCHEDULED = { source: 'aws.scheduler' };

export const MESSAGES = {
  intake: sqsEvent({ action: 'cancel', batchId: 'unknown' }),
  worker: sqsEvent({ action: 'inspect', batchId: 'unknown' }),
  outcome: sqsEvent({
    requestContext: { condition: 'Success' },
    requestPayload: { batchId: 'unknown', deliveryId: 'unknown', deliveryAttempt: 1 },
  }),
} as const;

function sqsEvent(body: object): object {
  const record = {
    messageId: '00000000-0000-4000-8000-000000000001',
    receiptHandle: 'receipt',
    body: JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
    awsRegion: 'us-east-1',
  };
  return { Records: [record] };
}
