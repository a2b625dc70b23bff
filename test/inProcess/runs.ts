import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../inProcess/database.ts';
import { fileObjects } from '../../inProcess/fileObjects.ts';
import { type BatchHandlerOptions, createBatchHandler } from '../../inProcess/index.ts';
import { sqliteQueues } from '../../inProcess/sqliteQueues.ts';
import { sqliteTable } from '../../inProcess/sqliteTable.ts';
import { uploadKey } from '../../shared/batch/ids.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { startOpenAiSimulator } from '../../simulators/openai/index.ts';
import { requestLine, upload } from '../support/world.ts';

/** Shorter than a millisecond: a wait of no time. */
const NO_WAIT = { baseSeconds: 0.0001, capSeconds: 0.0001 };

/** A directory, a simulator of OpenAI, and handlers on both. */
export async function startRuns(plan: readonly string[] = ['completed']) {
  const root = mkdtempSync(join(tmpdir(), 'in-process-'));
  const directory = join(root, 'batches');
  const simulator = await startOpenAiSimulator({
    ...{ dataDir: join(root, 'openai'), plan: [...plan], jobSeconds: 0.05 },
  });
  const database = openDatabase(directory);
  const queues = sqliteQueues(database, Date.now);
  const batches = batchStore(sqliteTable(database), DEFAULT_POLICY);
  const objects = fileObjects(directory);
  const handlers: ReturnType<typeof createBatchHandler>[] = [];
  return {
    ...{ directory, simulator, database, queues, batches, objects },
    handler(options: Partial<BatchHandlerOptions> = {}) {
      const handler = createBatchHandler({
        providers: { openai: { kind: 'openai', apiKey: 'sk-test', baseUrl: simulator.url } },
        ...{ directory, sweepSeconds: 0.05 },
        process: async () => {},
        log: { info: () => {}, warn: () => {}, error: () => {} },
        ...options,
        policy: { retryBackoff: NO_WAIT, quotaBackoff: NO_WAIT, ...options.policy },
      });
      handlers.push(handler);
      return handler;
    },
    /** Adds a batch as a client does. */
    async add(batchId: string, customIds: readonly string[], message: object = {}) {
      await upload(objects, uploadKey(batchId), customIds.map(requestLine));
      queues.send('batch', JSON.stringify({ batchId, ...message }));
    },
    async stop() {
      for (const handler of handlers) await handler.close();
      database.close();
      await simulator.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
export type Runs = Awaited<ReturnType<typeof startRuns>>;
