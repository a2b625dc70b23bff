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

/** Messages that wait for a page that takes none, such as one of a browser that is stopped. */
const MAX_WAITING = 100;

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
interface LivePorts {
  readonly explain: (error: unknown) => string;
  readonly hint: (text: string) => string;
  /** Aborted when the server ends. */
  readonly ended: AbortSignal;
}

/**
 * One stream for a page, of everything that it shows. It ends for a page that does not keep up, which asks
 * for another, and reads then what it has missed.
 */
export function liveRoutes({
  mirror,
  hub,
  ended: serverEnded,
  ...words
}: LivePorts & { readonly mirror: BatchMirror; readonly hub: LiveHub }) {
  return new Hono().get('/live', (context) =>
    streamSSE(context, async (stream) => {
      const ended = Promise.withResolvers<void>();
      let waiting = 0;
      const send = (event: LiveEvent): void => {
        if (waiting === MAX_WAITING) {
          stream.abort();
          return;
        }
        waiting += 1;
        void stream.writeSSE({ data: JSON.stringify(event) }).then(() => {
          waiting -= 1;
        });
      };
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
      const end = () => ended.resolve();
      stream.onAbort(end);
      serverEnded.addEventListener('abort', end);
      await stream.write(': here\n\n');
      await ended.promise;
      serverEnded.removeEventListener('abort', end);
      clearInterval(heartbeat);
      for (const stop of stops) stop();
    }),
  );
}

function problemText(
  error: unknown,
  { explain, hint }: Pick<LivePorts, 'explain' | 'hint'>,
): string {
  return hint(error instanceof ClientError ? error.message : explain(error));
}
