/** The interval between sweeps on AWS, to which `--interval` is compared. */
const REAL_INTERVAL_SECONDS = 60;
/** No timeout is scaled below this, because the work itself does not get faster. */
const SHORTEST_TIMEOUT_SECONDS = 20;
/** How much longer than its function's timeout a message stays hidden. */
const VISIBILITY_MARGIN_SECONDS = 5;

/** The longest timeout that Lambda allows. */
const LONGEST_TIMEOUT_SECONDS = 15 * 60;
/** What a function processes at least per second, with emulators and on a slow machine. */
const BYTES_PER_SECOND = 2 * 1024 * 1024;

/** Leaves a create call at a real provider at least 10 s. */
const REAL_PROVIDER_SCALE = 1 / 6;

/**
 * The factor on all waiting times and timeouts. It is the ratio of the intervals between sweeps, e.g.
 * 1/30 for 2 s instead of a minute, but at least what the largest input and a real provider need.
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
 * A function's timeout in a local run. It is scaled like every wait, because the handler recovers
 * from a crash after a timeout. It is at least 20 s and at most the timeout in the template.
 */
export function localTimeoutSeconds(templateSeconds: number, timeScale: number): number {
  const scaled = Math.ceil(templateSeconds * timeScale);
  return Math.min(templateSeconds, Math.max(SHORTEST_TIMEOUT_SECONDS, scaled));
}

/**
 * The visibility timeout of a queue in a local run. It is longer than its function's timeout, so that
 * no message is processed twice at a time, but not much, because a crash delays the message by it.
 */
export function localVisibilitySeconds(templateSeconds: number, timeoutSeconds: number): number {
  return Math.min(templateSeconds, timeoutSeconds + VISIBILITY_MARGIN_SECONDS);
}
