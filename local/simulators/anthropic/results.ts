import { chanceFrom, hexadecimal, mix } from '../chance.ts';
import type { RunRequest } from '../jobs/runRequests.ts';
import { lastStatuses } from '../jobs/timeline.ts';
import { LineWriter } from '../lineWriter.ts';
import { isObject } from '../readJson.ts';
import type { BatchJob } from './batchJob.ts';
import { errorObject } from './errors.ts';
import { answerMessage } from './replies/message.ts';

const ERRORS = {
  rate_limited: ['rate_limit_error', 'Number of requests has exceeded your rate limit.'],
  server_error: ['api_error', 'Internal server error'],
  refused: ['invalid_request_error', 'messages: the request was refused by plan'],
} as const;

const BYTES_PER_TOKEN = 4;

/** Writes the results of a batch, in the order in which its requests were run. */
export async function writeResults(
  path: string,
  job: BatchJob,
  requests: AsyncIterable<RunRequest>,
) {
  const target = await LineWriter.create(path);
  const left = { type: lastStatuses(job).end === 'cancelled' ? 'canceled' : 'expired' };
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { line, verdict, hash, bytes } of requests) {
      const write = (result: object) =>
        target.write(JSON.stringify({ custom_id: line.custom_id, result }));
      if (verdict === 'succeeded') {
        const inputTokens = Math.ceil(bytes / BYTES_PER_TOKEN);
        const { params } = line;
        const message = answerMessage(isObject(params) ? params : {}, hash, inputTokens);
        usage.inputTokens += inputTokens;
        usage.outputTokens += message.usage.output_tokens;
        succeeded += 1;
        await write({ type: 'succeeded', message });
      } else if (verdict === 'not_run') {
        await write(left);
      } else {
        const [type, text] = ERRORS[verdict];
        const requestId = `req_${hexadecimal(chanceFrom(mix(hash, job.position)), 24)}`;
        failed += 1;
        await write({ type: 'errored', error: errorObject(type, text, requestId) });
      }
    }
  } finally {
    await target.close();
  }
  return { succeeded, failed, usage };
}
