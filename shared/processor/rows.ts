/** A line of the input, in the OpenAI batch format. */
export interface Request {
  readonly custom_id: string;
  readonly method: 'POST';
  readonly url: string;
  readonly body: { readonly model: string; readonly [parameter: string]: unknown };
}

/** What the provider answered. */
export interface Response {
  readonly status_code: number;
  readonly request_id: string;
  /** In the format of the request's endpoint, for example a chat completion. */
  readonly body: unknown;
}

export interface SucceededRequest {
  readonly customId: string;
  readonly request: Request;
  readonly response: Response;
}

export interface FailedRequest {
  readonly customId: string;
  readonly request: Request;
  /** Absent if the request was never answered. */
  readonly response: Response | null;
  readonly error: { readonly code: string; readonly message: string };
}
