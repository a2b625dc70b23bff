import { appendFileSync } from 'node:fs';
import { createBatchHandler } from '../../inProcess/index.ts';

/** A program with a handler, as several of them may run on one directory. It ends when nothing is left. */
export interface ProgramOptions {
  readonly directory: string;
  readonly baseUrl: string;
  /** The processor writes a line for each delivery. */
  readonly effects: string;
}

const { directory, baseUrl, effects }: ProgramOptions = JSON.parse(process.argv[2] ?? '{}');
// Nobody is left to tell.
process.once('disconnect', () => process.exit(1));
const handler = createBatchHandler({
  ...{ directory, sweepSeconds: 0.1 },
  providers: { openai: { kind: 'openai', apiKey: 'sk-test', baseUrl } },
  async process({ batchId, deliveryId }) {
    appendFileSync(effects, `${batchId} ${deliveryId} ${process.pid}\n`);
  },
});
await handler.run({ untilIdle: true });
await handler.close();
process.exit(0);
