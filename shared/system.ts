import { randomInt, randomUUID } from 'node:crypto';
import type { Clock, RandomSource, TokenEstimation } from './batch/ports.ts';

/** The ports that every host of the use cases takes from its own process. */

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

export const systemChance: RandomSource = {
  random: () => Math.random(),
  randomInt: (max) => randomInt(max),
  token: () => randomUUID(),
};

/** Imported on first use: the estimator's tables are large, and only the inspection needs them. */
export const tokenEstimation: TokenEstimation = {
  async estimate(fileBytes) {
    const { createTokenEstimator } = await import('./tokens/fileEstimator.ts');
    return createTokenEstimator({ fileBytes });
  },
};
