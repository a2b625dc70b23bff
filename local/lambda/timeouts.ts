/** What one real minute between sweeps is, in seconds: the measure of `--interval`. */
const REAL_INTERVAL_SECONDS = 60;
/** No timeout is scaled below this: the work itself takes as long as it does, on any machine. */
const SHORTEST_TIMEOUT_SECONDS = 20;
/** What a message stays hidden for beyond its function's timeout, in seconds. */
const VISIBILITY_MARGIN_SECONDS = 5;

/** The longest timeout that a function can have, in seconds. */
const LONGEST_TIMEOUT_SECONDS = 15 * 60;
/** What a function surely gets through in a second, emulators and all, on a slow machine. */
const BYTES_PER_SECOND = 2 * 1024 * 1024;

/** Leaves a create call at a real provider its 10 s, whatever the interval. */
const REAL_PROVIDER_SCALE = 1 / 6;

/**
 * The factor on all waiting times and timeouts: by the interval between sweeps, so that 2 s
 * instead of a minute is 1/30, but no less than the largest input and a real provider need.
 */
export function timeScaleFor(
  intervalSeconds: number,
  largestInputBytes: number,
  isRealProvider = false,
): number {
  const byInterval = intervalSeconds / REAL_INTERVAL_SECONDS;
  const byInput = largestInputBytes / BYTES_PER_SECOND / LONGEST_TIMEOUT_SECONDS;
  const byProvider = isRealProvider ? REAL_PROVIDER_SCALE : 0;
  return Math.min(1, Math.max(byInterval, byInput, byProvider));
}

/**
 * A function's timeout in a local run. Crashes are recovered from when a timeout has passed, so
 * it is scaled like every wait, to no less than 20 s and never beyond the template's.
 */
export function localTimeoutSeconds(templateSeconds: number, timeScale: number): number {
  const scaled = Math.ceil(templateSeconds * timeScale);
  return Math.min(templateSeconds, Math.max(SHORTEST_TIMEOUT_SECONDS, scaled));
}

/**
 * How long a received message stays hidden: at least as long as its function may run, else a
 * slow invocation would get company, and no longer, since its redelivery is what recovers it.
 */
export function localVisibilitySeconds(templateSeconds: number, timeoutSeconds: number): number {
  return Math.min(templateSeconds, timeoutSeconds + VISIBILITY_MARGIN_SECONDS);
}
