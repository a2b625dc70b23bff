import * as z from 'zod';

/** An answer with a status of failure. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Google's words, the narrowest first: the reason of a detail, then the status. */
  readonly codes: readonly string[];
  constructor(status: number, codes: readonly string[], message: string) {
    super(message);
    this.status = status;
    this.codes = codes;
  }
}

const reasons = z
  .array(z.object({ reason: z.string().optional().catch(undefined) }).catch({}))
  .catch([]);

/** https://google.aip.dev/193 */
const errorSchema = z.object({
  error: z.object({
    message: z.string().catch(''),
    status: z.string().optional().catch(undefined),
    details: reasons,
    errors: reasons,
  }),
});

/** Reads the body of a failed answer. */
export async function httpErrorOf(response: Response): Promise<HttpError> {
  const { status } = response;
  const parsed = errorSchema.safeParse(parse(await response.text()));
  // A gateway's page: it may be long, and says nothing of use.
  if (!parsed.success) return new HttpError(status, [], `status ${status} without a reason`);
  const { error } = parsed.data;
  const found = [...error.details, ...error.errors].map(({ reason }) => reason);
  const codes = [...found, error.status].filter((code) => code !== undefined);
  return new HttpError(status, codes, error.message || `status ${status}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
