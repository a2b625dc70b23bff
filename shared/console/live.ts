import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { ClientError } from '../client/clientError.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { BatchRow } from './batchRow.ts';
import { batchRow } from './batchRow.ts';
import type { BatchMirror, OnChange } from './mirror.ts';

/** What the page is told as it happens, each a message of the stream as JSON. */
export type LiveEvent =
  | {
      readonly type: 'batches';
      /** Those that have changed, or are new. */
      readonly changed: readonly BatchRow[];
      /** Ids of those that are gone. */
      readonly removed: readonly string[];
    }
  /** The table cannot be read, as `message` tells people. Without one, it can be read again. */
  | { readonly type: 'problem'; readonly message?: string }
  /** Something else has changed: the queries that begin so are to be asked again. */
  | { readonly type: 'changed'; readonly what: LiveSubject };

export type LiveSubject = 'providers' | 'uploads' | 'letters' | 'keys';

/** Comments in a stream that says nothing, so that neither side takes the other for gone. */
const HEARTBEAT_MS = 15_000;

/** Tells every open page what has changed. */
export class LiveHub {
  readonly #send = new Set<(event: LiveEvent) => void>();

  tell(event: LiveEvent): void {
    for (const send of this.#send) send(event);
  }

  /** @returns stops it */
  subscribe(send: (event: LiveEvent) => void): () => void {
    this.#send.add(send);
    return () => this.#send.delete(send);
  }
}

/** As in the ports of the console. */
interface Words {
  readonly explain: (error: unknown) => string;
  readonly hint: (text: string) => string;
}

/** One stream for a page, of everything that it shows. */
export function liveRoutes({
  mirror,
  hub,
  ...words
}: Words & { readonly mirror: BatchMirror; readonly hub: LiveHub }) {
  return new Hono().get('/live', (context) =>
    streamSSE(context, async (stream) => {
      const ended = Promise.withResolvers<void>();
      const send = (event: LiveEvent) => void stream.writeSSE({ data: JSON.stringify(event) });
      let told: string | undefined;
      const onChange: OnChange = (changed, removed) =>
        send({ type: 'batches', changed: changed.map(batchRow), removed });
      const onProblem = (error: unknown): void => {
        const message = error === undefined ? undefined : problemText(error, words);
        if (message !== told) send({ type: 'problem', ...omitUndefined({ message }) });
        told = message;
      };
      const stops = [hub.subscribe(send), mirror.listen(onChange, onProblem)];
      const heartbeat = setInterval(() => void stream.write(': here\n\n'), HEARTBEAT_MS);
      stream.onAbort(() => ended.resolve());
      await stream.write(': here\n\n');
      await ended.promise;
      clearInterval(heartbeat);
      for (const stop of stops) stop();
    }),
  );
}

function problemText(error: unknown, { explain, hint }: Words): string {
  return hint(error instanceof ClientError ? error.message : explain(error));
}
