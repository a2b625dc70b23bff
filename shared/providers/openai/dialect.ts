import type { RequestLine } from '../../jsonl/checkRequest.ts';
import type { JobContext } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';

/** Changes a request before it is uploaded. Returns the same object if nothing changes. */
export type LineChange = (line: RequestLine) => RequestLine;

/** What differs between services that speak OpenAI's Batch API. */
export interface Dialect {
  /** How a job's lines are changed. Undefined: the file is uploaded as it is. */
  lineChange(job: JobContext): LineChange | undefined;
  /** The endpoint in the create call, by the endpoint of the requests. */
  jobEndpoint(endpoint: string): string;
  /** How long results are kept if the job's options do not say. Default: the service's default. */
  readonly outputExpiresAfterSeconds?: number;
  /**
   * Whether the service may lack newer features of the API: an upload is repeated without its
   * expiry, and a listed job without metadata is identified by the name of its input file.
   */
  readonly isTolerant: boolean;
}

/** Renames the model. Undefined if the service uses the same name as the requests. */
export function renaming(
  { models }: Pick<RequestSettings, 'models'>,
  { model }: Pick<JobContext, 'model'>,
): LineChange | undefined {
  const name = modelAt(models, model);
  if (name === model) return undefined;
  return (line) => ({ ...line, body: { ...line.body, model: name } });
}

/** Leaves out fields of the bodies. Undefined if `fields` is empty. */
export function dropping(fields: readonly string[]): LineChange | undefined {
  if (fields.length === 0) return undefined;
  const names = new Set(fields);
  return (line) => {
    const kept = Object.entries(line.body).filter(([name]) => !names.has(name));
    if (kept.length === Object.keys(line.body).length) return line;
    return { ...line, body: Object.fromEntries(kept) };
  };
}

/** Applies changes one after the other. Undefined if there are none. */
export function inOrder(changes: readonly (LineChange | undefined)[]): LineChange | undefined {
  const real = changes.filter((change) => change !== undefined);
  if (real.length === 0) return undefined;
  return (line) => real.reduce((changed, change) => change(changed), line);
}
