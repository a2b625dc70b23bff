import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';

/** A request as the user's program makes it, before any repetition. */
export interface ApiRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Runs the API's function for one request. Exactly one of `answered` and `died` is called. */
export type Serve = (
  request: Request,
  answered: (answer: ApiAnswer) => void,
  died: () => void,
) => void;

/** OpenAI's SDKs repeat a request twice: https://github.com/openai/openai-node#retries */
const MAX_REPEATS = 2;
/** https://github.com/openai/openai-node/blob/master/src/client.ts: shouldRetry */
const REPEATED = new Set([408, 409, 429]);

interface ClientOptions {
  /** Whether repetitions say that they are: SDKs send `x-stainless-retry-count`, others may not. */
  readonly saysRetries: boolean;
  /** Called before each try. */
  onTry(request: ApiRequest, tries: number): void;
}

/** A client as OpenAI's SDKs are, on virtual time: it repeats what got no answer or a passing error. */
export class ApiClient {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #serve: Serve;
  readonly #options: ClientOptions;

  constructor(schedule: Schedule, random: Random, serve: Serve, options: ClientOptions) {
    this.#schedule = schedule;
    this.#random = random;
    this.#serve = serve;
    this.#options = options;
  }

  /** @returns the last answer; undefined if none came */
  async request(request: ApiRequest): Promise<ApiAnswer | undefined> {
    for (let repeats = 0; ; repeats++) {
      this.#options.onTry(request, repeats);
      const answer = await this.#try(request, repeats);
      const { status = 0, headers } = answer ?? {};
      const passes = status === 0 || status >= 500 || REPEATED.has(status);
      const isFinal = !passes || headers?.get('x-should-retry') === 'false';
      if (isFinal || repeats === MAX_REPEATS) return answer;
      const seconds = Number(headers?.get('retry-after') ?? 0.5 * 2 ** repeats);
      await this.wait(seconds * 1000);
    }
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#schedule.timeline.after(milliseconds, resolve));
  }

  #try(request: ApiRequest, repeats: number): Promise<ApiAnswer | undefined> {
    const { faults, injection, timeline } = this.#schedule;
    const random = this.#random;
    const { method, path, body } = request;
    const fault = injection?.at('request', `the client: ${method} ${path}`);
    const getsLost = fault === 'lost' || random.chance(faults.refused);
    const answerGetsLost = fault === 'answer lost' || random.chance(faults.lostReply);
    if (getsLost || answerGetsLost) this.#schedule.countFault();
    return new Promise((resolve) => {
      const arrive = (answer?: ApiAnswer) => () => {
        this.#schedule.trace(
          () =>
            `client: ${method} ${path} ${repeats} gives ${answer?.status ?? 'no answer'} ${JSON.stringify(answer?.body ?? {})}`,
        );
        resolve(answer);
      };
      if (getsLost) return timeline.after(random.between(1, 20), arrive());
      const sent = new Request(`http://api.test${path}`, {
        method,
        headers: {
          ...request.headers,
          ...(this.#options.saysRetries && { 'x-stainless-retry-count': String(repeats) }),
        },
        ...(body !== undefined && { body }),
      });
      const give = (answer?: ApiAnswer) =>
        timeline.after(random.between(1, 20), arrive(answerGetsLost ? undefined : answer));
      timeline.after(random.between(1, 20), () => this.#serve(sent, give, () => give()));
    });
  }
}

/** The headers and the body of a multipart form. */
export function formOf(
  fields: Readonly<Record<string, string>>,
  file: { readonly field: string; readonly name: string; readonly content: string },
): Pick<ApiRequest, 'headers' | 'body'> {
  const boundary = 'boundary-of-the-simulation';
  const parts = [
    ...Object.entries(fields).map(
      ([name, value]) => `content-disposition: form-data; name="${name}"\r\n\r\n${value}`,
    ),
    `content-disposition: form-data; name="${file.field}"; filename="${file.name}"\r\ncontent-type: application/octet-stream\r\n\r\n${file.content}`,
  ];
  const body = `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body };
}

/** The headers and the body of a request with JSON. */
export function jsonOf(value: object): Pick<ApiRequest, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
