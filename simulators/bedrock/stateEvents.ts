import { EndWatch } from '../engine/background.ts';
import type { Jobs } from '../engine/jobs.ts';
import { wordAt } from '../engine/plan.ts';
import type { EventWord } from './index.ts';
import { type BedrockJob, jobObject } from './jobs.ts';

/** How often EventBridge is told of the end of a job. */
const TIMES: Readonly<Record<EventWord, number>> = { sent: 1, lost: 0, duplicate: 2 };
const TIMEOUT_MS = 10_000;

/**
 * Tells EventBridge of the ends of jobs, as Bedrock does: on a best-effort basis.
 *
 * https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
 *
 * @param options.eventPlan for each job that ends, in order, the last repeating
 */
export function tellEventBridge(
  jobs: Jobs<BedrockJob>,
  {
    eventsUrl,
    eventPlan,
  }: { readonly eventsUrl: string; readonly eventPlan: readonly EventWord[] },
): EndWatch<BedrockJob> {
  return new EndWatch({
    jobs: () => jobs.all(),
    endOf(job) {
      const { status, reachedAt } = jobs.momentOf(job);
      return reachedAt === undefined ? undefined : status;
    },
    async tell(job, _end, position) {
      for (let times = TIMES[wordAt(eventPlan, position)]; times > 0; times--)
        await putEvent(eventsUrl, jobObject(job, jobs.momentOf(job)));
    },
  });
}

async function putEvent(
  url: string,
  { jobArn, jobName, modelId, status, message }: ReturnType<typeof jobObject>,
): Promise<void> {
  const [, , , , accountId = ''] = jobArn.split(':');
  const detail = {
    ...{ version: '0.0', accountId, batchJobName: jobName, batchJobArn: jobArn },
    ...{ batchModelId: modelId, status, failureMessage: message ?? '' },
  };
  const entry = {
    Source: 'aws.bedrock',
    DetailType: 'Batch Inference Job State Change',
    Resources: [jobArn],
    Detail: JSON.stringify(detail),
  };
  // What is not taken is lost, as it may be.
  await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSEvents.PutEvents',
    },
    body: JSON.stringify({ Entries: [entry] }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {});
}
