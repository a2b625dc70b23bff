/** A schedule that fires now and then every so often, as the local run's does. */
export interface Ticks {
  /** When it first fired, in milliseconds since 1970. */
  readonly firstAt: number;
  readonly intervalMs: number;
}

/** How long what is ready at a time waits for the schedule, in milliseconds. */
export function waitForTick({ firstAt, intervalMs }: Ticks, readyAt: number): number {
  const since = Math.max(0, readyAt - firstAt);
  return firstAt + Math.ceil(since / intervalMs) * intervalMs - readyAt;
}
