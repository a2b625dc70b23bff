import { appendFileSync } from 'node:fs';
import { createBatchHandler } from '../../../inProcess/index.ts';
import { shareClock } from '../../reliability/kill/clock.ts';
import { type Kill, killAt } from './killAt.ts';

/** One life of a program with a handler: it works until nothing is left, or until it is killed. */
export interface LifeOptions {
  readonly directory: string;
  readonly baseUrl: string;
  readonly clockFile: string;
  /** The processor writes a line for each delivery. */
  readonly effects: string;
  readonly report: string;
  readonly kill?: Kill | undefined;
}

const { directory, baseUrl, clockFile, effects, report, kill }: LifeOptions = JSON.parse(
  process.argv[2] ?? '{}',
);
// Nobody is left to tell.
process.once('disconnect', () => process.exit(1));
shareClock(clockFile);
killAt(kill, report);
/** Shorter than a millisecond: a wait of no time, which leaves nothing to chance. */
const NO_WAIT = { baseSeconds: 0.0001, capSeconds: 0.0001 };
const handler = createBatchHandler({
  ...{ directory, sweepSeconds: 0.05 },
  providers: { openai: { kind: 'openai', apiKey: 'sk-test', baseUrl } },
  policy: { retryBackoff: NO_WAIT },
  async process({ batchId, deliveryId }) {
    appendFileSync(effects, `${batchId} ${deliveryId}\n`);
  },
  log: { info: () => {}, warn: () => {}, error: () => {} },
});
await handler.run({ untilIdle: true });
await handler.close();
process.exit(0);
