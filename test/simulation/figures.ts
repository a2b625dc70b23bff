/** The worst that was seen of something with a bound. */
export interface Figures {
  /** Milliseconds from a cancel that was carried out to the end of the last job of its batch. */
  readonly cancelToEndMs: number;
  /** The same at a provider that hides the key of a job until it ends: it may have to be waited for. */
  readonly hiddenCancelToEndMs: number;
  /** Milliseconds from the end of a job to its collection, while another provider may hang. */
  readonly endToNoticeMs: number;
  /** How many jobs were refused because the account was full or blocked. */
  readonly refusedJobs: number;
  /** How often in a row one step failed in the same way. */
  readonly sameFailures: number;
}

const HOUR = 3_600_000;

/**
 * Bounds of the figures. Above them a promise is broken.
 *
 * A cancel reaches a job with the next sweep, unless its calls fail or its provider is blocked (an
 * hour), and the simulated job ends ten minutes after it. A job whose create call got no answer is
 * found after the lease of its worker, by a listing that may fail, too; a hidden one ends by itself
 * within a day. The end of a job is noticed by the next sweep, unless the calls of some sweeps fail
 * or its provider is blocked. A step that fails in the same way is tried again with a backoff, which grows to an
 * hour: output that breaks is read by 50 collections, now and then by two workers at once, and the
 * last one reads it five times. Workers that die after a failure do not count it.
 */
const BOUNDS: Figures = {
  cancelToEndMs: 6 * HOUR,
  hiddenCancelToEndMs: 30 * HOUR,
  endToNoticeMs: 24 * HOUR,
  refusedJobs: 400,
  sameFailures: 150,
};

export const NO_FIGURES: Figures = {
  cancelToEndMs: 0,
  hiddenCancelToEndMs: 0,
  endToNoticeMs: 0,
  refusedJobs: 0,
  sameFailures: 0,
};

const NAMES = Object.keys(BOUNDS) as (keyof Figures)[];

/** The worst of both. */
export function worstOf(a: Figures, b: Figures): Figures {
  const worst = NAMES.map((name) => [name, Math.max(a[name], b[name])]);
  return Object.fromEntries(worst) as Record<keyof Figures, number>;
}

/** The figures for people: durations in minutes. */
export function shownFigures(figures: Figures): Record<string, number> {
  return {
    cancelToEndMinutes: Math.round(figures.cancelToEndMs / 60_000),
    hiddenCancelToEndMinutes: Math.round(figures.hiddenCancelToEndMs / 60_000),
    endToNoticeMinutes: Math.round(figures.endToNoticeMs / 60_000),
    refusedJobs: figures.refusedJobs,
    sameFailures: figures.sameFailures,
  };
}

/** @returns which bounds are broken, in words */
export function brokenBounds(figures: Figures): string[] {
  return NAMES.filter((name) => figures[name] > BOUNDS[name]).map(
    (name) => `${name} is ${figures[name]}, over ${BOUNDS[name]}`,
  );
}

/** Counts how often a step fails in the same way, one time after the other. */
export class SameFailures {
  worst = 0;
  readonly #last = new Map<string, { readonly error: string; readonly times: number }>();

  /** @param error undefined for a success */
  note(step: string, error: string | undefined): void {
    const last = this.#last.get(step);
    if (error === undefined) {
      if (last) this.#last.delete(step);
      return;
    }
    const times = last?.error === error ? last.times + 1 : 1;
    this.#last.set(step, { error, times });
    this.worst = Math.max(this.worst, times);
  }
}
