/** A webhook as it came over HTTP: nothing of it is true yet. */
export interface WebhookRequest {
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** What a provider has signed. */
export interface Webhook {
  /** The same however often it is sent. */
  readonly id: string;
  /** The job that it says has ended; undefined if it tells of anything else. */
  readonly jobId: string | undefined;
}

/** What takes webhooks, beside what every function has. */
export interface Webhooks {
  /**
   * The signing secret of an entry, as it is now.
   *
   * @returns undefined for an entry that takes no webhooks, an empty text for a secret that is not
   *   filled in
   */
  secretOf(entry: string): Promise<string | undefined>;
  /** Throws WebhookRefusedError for one that the holder of the secret has not signed just now. */
  verify(request: WebhookRequest, secret: string): Promise<Webhook>;
  /** Notes that a webhook has come; false if it came before. */
  register(entry: string, id: string, now: number): Promise<boolean>;
}
