import { useSyncExternalStore } from 'react';

const TICK_MS = 5_000;
let now = Date.now();

function subscribe(onTick: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    onTick();
  }, TICK_MS);
  return () => clearInterval(timer);
}

/** The time in milliseconds since 1970, renewed every 5 seconds: for how long ago something was. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
