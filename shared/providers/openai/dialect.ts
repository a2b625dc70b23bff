import type { JobContext } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';

/** One line of an input file, in the envelope of the OpenAI batch format. */
export interface RequestLine {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Gives the very same line back if it is sent as it is. */
export type LineChange = (line: RequestLine) => RequestLine;

/** What differs between the services that speak OpenAI's Batch API. */
export interface Dialect {
  /** How the lines of a job are changed on their way. Undefined: the file is sent as it is. */
  lineChange(job: JobContext): LineChange | undefined;
  /** The path that the create call names, for that of the requests. */
  jobEndpoint(endpoint: string): string;
  /** How long the service keeps results whose options say nothing. Undefined: as it likes. */
  readonly outputExpiresAfterSeconds?: number;
  /**
   * It may not know what is newer than the API's first version: an upload is repeated without its
   * expiry, and a listed job without metadata is known by the name of its input file.
   */
  readonly isTolerant: boolean;
}

/** Names the model as the service does. Undefined if that is how the requests name it. */
export function renaming(
  { models }: Pick<RequestSettings, 'models'>,
  { model }: Pick<JobContext, 'model'>,
): LineChange | undefined {
  const name = modelAt(models, model);
  if (name === model) return undefined;
  return (line) => ({ ...line, body: { ...line.body, model: name } });
}

/** Leaves fields of the bodies out. Undefined if there are none to be left out. */
export function dropping(fields: readonly string[]): LineChange | undefined {
  if (fields.length === 0) return undefined;
  const names = new Set(fields);
  return (line) => {
    const kept = Object.entries(line.body).filter(([name]) => !names.has(name));
    if (kept.length === Object.keys(line.body).length) return line;
    return { ...line, body: Object.fromEntries(kept) };
  };
}

/** One after the other. Undefined if there are none. */
export function inOrder(changes: readonly (LineChange | undefined)[]): LineChange | undefined {
  const real = changes.filter((change) => change !== undefined);
  if (real.length === 0) return undefined;
  return (line) => real.reduce((changed, change) => change(changed), line);
}
