import { pageOf } from '../page.ts';
import type { Reply } from '../router.ts';
import type { BedrockJob } from './bedrockJob.ts';
import type { BedrockJobs } from './bedrockJobs.ts';
import { invalid } from './errors.ts';
import { jobObject } from './jobObject.ts';

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListModelInvocationJobs.html */
const MAX_RESULTS = 1_000;
const USUAL_RESULTS = 100;

/** A page of the account's jobs, as the query asks for it. */
export function listReply({ jobs }: BedrockJobs, query: URLSearchParams): Reply {
  const limit = Number(query.get('maxResults') ?? USUAL_RESULTS);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_RESULTS)
    throw invalid(`maxResults must be between 1 and ${MAX_RESULTS}`);
  const shown = jobs
    .all()
    .filter(isWanted(query))
    .map((job) => ({ id: job.id, view: jobObject(job, jobs.momentOf(job)) }))
    .filter(({ view }) => [null, view.status].includes(query.get('statusEquals')));
  if (query.get('sortOrder') === 'Descending') shown.reverse();
  const page = pageOf(shown, limit, query.get('nextToken'));
  if (!page) throw invalid('nextToken is not valid');
  return {
    status: 200,
    json: {
      invocationJobSummaries: page.items.map(({ view }) => view),
      nextToken: page.hasMore ? page.items.at(-1)?.id : undefined,
    },
  };
}

function isWanted(query: URLSearchParams): (job: BedrockJob) => boolean {
  const after = Date.parse(query.get('submitTimeAfter') ?? '');
  const before = Date.parse(query.get('submitTimeBefore') ?? '');
  const part = query.get('nameContains') ?? '';
  // An absent time is NaN, which nothing is beyond.
  return ({ createdAt, jobName }) =>
    !(createdAt <= after) && !(createdAt >= before) && jobName.includes(part);
}
