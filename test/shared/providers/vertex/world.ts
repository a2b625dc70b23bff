import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type VertexSettings, vertexAi } from '../../../../shared/providers/vertex/description.ts';
import { connectVertex } from '../../../../shared/providers/vertex/index.ts';
import { startVertexSimulator } from '../../../../simulators/vertex/index.ts';
import { localServiceAccountKey } from '../../../../simulators/vertex/tokens.ts';
import { entryAt, settingsOf } from '../entry.ts';
import type { SimulationOptions } from '../harness.ts';

export const GCS: VertexSettings['store'] = { type: 'gcs', bucket: 'a-bucket' };
export const BIGQUERY: VertexSettings['store'] = {
  type: 'bigquery',
  inputDataset: 'batch_inputs',
  outputDataset: 'batch_outputs',
};
export const UNKNOWN_JOB = 'projects/a-project/locations/us-central1/batchPredictionJobs/404';

/** Settings of an entry, with what a test changes. */
export function vertexSettings(changes: Partial<VertexSettings> = {}): VertexSettings {
  return settingsOf(vertexAi, { project: 'a-project', store: GCS, ...changes });
}

const EMAIL = 'tester@a-project.iam.gserviceaccount.com';
// Making one takes a while.
const KEY = localServiceAccountKey(EMAIL);

/** A simulator, and the provider connected to it. */
export async function startVertex(
  { plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions,
  settings: Partial<VertexSettings>,
) {
  const dataDir = await mkdtemp(join(tmpdir(), 'vertex-simulator-'));
  const simulator = await startVertexSimulator({
    port: 0,
    dataDir,
    plan: [...plan],
    jobSeconds,
    serviceAccounts: [wrongKey ? 'another@a-project.iam.gserviceaccount.com' : EMAIL],
    ...(full ? { jobLimit: 0, jobLimitRefusal: full === 'at create' ? 'create' : 'job' } : {}),
  });
  const entry = entryAt(vertexAi, {
    baseUrl: simulator.url,
    secret: KEY,
    settings: vertexSettings(settings),
  });
  const provider = await connectVertex(entry);
  const close = async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return {
    provider,
    dataDir,
    url: simulator.url,
    inject: simulator.inject,
    journal: simulator.journal,
    close,
    [Symbol.asyncDispose]: close,
  };
}
