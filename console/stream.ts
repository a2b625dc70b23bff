import type { LiveEvent } from '../shared/console/live.ts';

/** Whether the server tells what happens. `lost`: it has not been heard of since. */
type LiveState = 'connecting' | 'live' | 'lost';

/** What a page knows of the stream. */
export interface Live {
  readonly state: LiveState;
  /** Why the server cannot read what has changed, for people. Absent if it can. */
  readonly problem?: string | undefined;
}

export interface StreamListener {
  /** @param hasMissed whether something may have happened that this page was not told */
  readonly onLive: (live: Live, hasMissed: boolean) => void;
  readonly onEvent: (event: Exclude<LiveEvent, { type: 'problem' }>) => void;
}

/** What the windows of a browser tell each other. */
type Word =
  /** A window is new, and wants to know how the stream is. */
  | { readonly kind: 'ask' }
  /** `isOpened`: the stream begins anew. */
  | { readonly kind: 'live'; readonly live: Live; readonly isOpened: boolean }
  | { readonly kind: 'event'; readonly event: LiveEvent };

/** Of the lock and of the channel. */
const NAME = 'live';

/** A browser gives up a stream that was refused, which another token, or another server, may lift. */
const AGAIN_MS = 3_000;

/**
 * Listens to the one stream of the server. One window of the browser that can be seen reads it for all of
 * them: a browser opens six connections to a server, so that the seventh window with a stream of its own
 * would get no answer. While no window can be seen, nothing is read.
 *
 * @returns stops it
 */
export function listen({ onLive, onEvent }: StreamListener): () => void {
  const channel = new BroadcastChannel(NAME);
  let live: Live = { state: 'connecting' };
  let isReading = false;
  let turn: AbortController | undefined;

  function take(word: Exclude<Word, { kind: 'ask' }>): void {
    if (word.kind === 'live') {
      const hasMissed = word.isOpened && live.state !== 'connecting';
      live = word.live;
      onLive(live, hasMissed);
    } else if (word.event.type === 'problem') {
      const { message } = word.event;
      live = { state: 'live', problem: message };
      // What has failed meanwhile may succeed now.
      onLive(live, message === undefined);
    } else onEvent(word.event);
  }
  function tell(word: Exclude<Word, { kind: 'ask' }>): void {
    channel.postMessage(word);
    take(word);
  }

  /** Reads the stream until the signal. */
  function read(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let source: EventSource;
      let later: ReturnType<typeof setTimeout> | undefined;
      const open = (): void => {
        source = new EventSource('/api/live');
        source.onopen = () => tell({ kind: 'live', live: { state: 'live' }, isOpened: true });
        source.onerror = () => {
          if (live.state !== 'lost')
            tell({ kind: 'live', live: { state: 'lost' }, isOpened: false });
          if (source.readyState === EventSource.CLOSED) later = setTimeout(open, AGAIN_MS);
        };
        source.onmessage = ({ data }) =>
          tell({ kind: 'event', event: JSON.parse(data) as LiveEvent });
      };
      isReading = true;
      open();
      const end = (): void => {
        isReading = false;
        clearTimeout(later);
        source.close();
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
    });
  }

  function lookWhetherSeen(): void {
    const isSeen = document.visibilityState === 'visible';
    if (isSeen === (turn !== undefined)) return;
    turn?.abort();
    turn = isSeen ? new AbortController() : undefined;
    if (!turn) return;
    const { signal } = turn;
    // It throws only what ended the wait.
    navigator.locks
      .request(NAME, { signal }, () => (signal.aborted ? undefined : read(signal)))
      .catch(() => {});
  }

  channel.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.kind !== 'ask') take(data);
    else if (isReading) channel.postMessage({ kind: 'live', live, isOpened: false });
  };
  channel.postMessage({ kind: 'ask' } satisfies Word);
  document.addEventListener('visibilitychange', lookWhetherSeen);
  lookWhetherSeen();
  return () => {
    document.removeEventListener('visibilitychange', lookWhetherSeen);
    turn?.abort();
    channel.close();
  };
}
