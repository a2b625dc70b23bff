/** A webhook as it arrived over HTTP. Nothing in it can be trusted before it is verified. */
export interface WebhookRequest {
  /** The entry that its path names. */
  readonly entry: string;
  /** The parameters of its URL. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** How a job is named: by its id at the provider, or by what the provider got when it was created. */
export type ReportedJob =
  | { readonly jobId: string }
  | { readonly batchId: string; readonly submissionKey: string };

/** The content of a webhook whose signature is valid. */
export interface Webhook {
  /** Identical in every repetition of the webhook. */
  readonly id: string;
  /** The job that has ended according to the provider; undefined for any other kind of event. */
  readonly job: ReportedJob | undefined;
}

/** Tells a repeated webhook from a new one. */
export interface WebhookRegister {
  /**
   * Records the arrival of a webhook for at least four days. Of two calls at the same time, one is told
   * that the webhook is new.
   *
   * @param id of the webhook, unique in its provider entry
   * @param now milliseconds since 1970
   * @returns false if it was recorded before
   */
  register(entry: string, id: string, now: number): Promise<boolean>;
}

/** What receiving webhooks needs beside the other ports. */
export interface Webhooks extends WebhookRegister {
  /**
   * Reads the present signing secret of an entry.
   *
   * @returns undefined for an entry that receives no webhooks; an empty string while the secret is
   *   not filled in
   */
  secretOf(entry: string): Promise<string | undefined>;
  /** @throws WebhookRefusedError unless the holder of the secret signed it */
  verify(request: WebhookRequest, secret: string): Promise<Webhook>;
}
