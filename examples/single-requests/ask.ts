import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';

const sqs = new SQSClient();
const QueueUrl = process.env.COLLECTOR_QUEUE_URL;

/** Takes `{ "id": …, "question": … }`. The id is how the answer is found, and it is asked once. */
export async function handler({ body }: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> {
  const { id, question } = JSON.parse(body ?? '{}');
  if (!id || !question) return { statusCode: 400, body: 'id and question are needed\n' };
  const request = {
    custom_id: id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gpt-5-mini', messages: [{ role: 'user', content: question }] },
  };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(request) }));
  return { statusCode: 202 };
}
