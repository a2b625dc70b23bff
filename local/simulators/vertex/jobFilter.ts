import { invalid } from './errors.ts';
import type { VertexJob } from './vertexJob.ts';

type Condition = (job: VertexJob) => boolean;

const LABEL_EXISTS = /^labels\.([\w-]+):\*$/;
const LABEL_IS = /^labels\.([\w-]+)="?([\w-]*)"?$/;
const CREATED_SINCE = /^create_time>="([^"]+)"$/;

/**
 * What a listing's `filter` says, as far as it is simulated.
 *
 * @throws ApiError for any other
 */
export function jobFilter(filter: string | null): Condition {
  const conditions = filter ? filter.split(' AND ').map(conditionOf) : [];
  return (job) => conditions.every((condition) => condition(job));
}

function conditionOf(text: string): Condition {
  const [, existing] = LABEL_EXISTS.exec(text) ?? [];
  if (existing !== undefined) return ({ labels }) => existing in labels;
  const [, label, value] = LABEL_IS.exec(text) ?? [];
  if (label !== undefined) return ({ labels }) => labels[label] === value;
  const since = Date.parse(CREATED_SINCE.exec(text)?.[1] ?? '');
  if (Number.isNaN(since)) throw invalid(`Unparseable filter: ${text}`);
  return ({ createdAt }) => createdAt >= since;
}
