import { shareClock } from './clock.ts';

/** Loaded into every function before anything else. */
shareClock(process.env.CLOCK_FILE ?? '');
