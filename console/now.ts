import { useSyncExternalStore } from 'react';

const TICK_MS = 5_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  now = Date.now();
  for (const onTick of listeners) onTick();
}

/** One timer for all that show a time, so that a long table is drawn again once, and not for each cell. */
function subscribe(onTick: () => void): () => void {
  if (listeners.size === 0) {
    // Nobody has renewed it while nothing showed a time.
    now = Date.now();
    timer = setInterval(tick, TICK_MS);
  }
  listeners.add(onTick);
  return () => {
    listeners.delete(onTick);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The time in milliseconds since 1970, renewed every 5 seconds: for how long ago something was. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
