import { type VertexSettings, vertexAi } from '../../../../shared/providers/vertex/description.ts';
import { connectVertex } from '../../../../shared/providers/vertex/index.ts';
import {
  startVertexSimulator,
  type VertexOptionsInput,
} from '../../../../simulators/vertex/index.ts';
import { localServiceAccountKey } from '../../../../simulators/vertex/tokens.ts';
import { entryAt, settingsOf } from '../entry.ts';
import { type Harness, type SimulationOptions, simulate } from '../harness.ts';

export const GCS: VertexSettings['store'] = { type: 'gcs', bucket: 'a-bucket' };
export const BIGQUERY: VertexSettings['store'] = {
  type: 'bigquery',
  inputDataset: 'batch_inputs',
  outputDataset: 'batch_outputs',
};
export const UNKNOWN_JOB = 'projects/a-project/locations/us-central1/batchPredictionJobs/404';

/** The part of the harness that both stores have in common. */
export const VERTEX_ANSWERS = {
  patches: {
    unknownStatus: { fields: { state: 'JOB_STATE_DREAMING' }, status: 'JOB_STATE_DREAMING' },
    noJob: { state: null },
    nothingCreated: { name: null },
    noList: { batchPredictionJobs: null },
    oddFields: {
      createTime: 5,
      labels: 'none',
      error: 'none',
      completionStats: 'many',
      inputConfig: 'none',
    },
  },
  incompleteLists: {
    'a job without a name': { batchPredictionJobs: [{ labels: {} }] },
    'a job that is a text': { batchPredictionJobs: [UNKNOWN_JOB] },
    'labels that are a text': { batchPredictionJobs: [{ name: UNKNOWN_JOB, labels: 'ours' }] },
    'the same next page over and over': { batchPredictionJobs: [], nextPageToken: 'same' },
  },
  omitsEmptyList: true,
} satisfies Partial<Harness>;

/** Settings of an entry, with a test's changes. */
export function vertexSettings(changes: Partial<VertexSettings> = {}): VertexSettings {
  return settingsOf(vertexAi, { project: 'a-project', store: GCS, ...changes });
}

const EMAIL = 'tester@a-project.iam.gserviceaccount.com';
// Creating a key takes a while.
const KEY = localServiceAccountKey(EMAIL);

/** Starts a simulator and a provider connected to it. */
export async function startVertex(
  { plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions,
  settings: Partial<VertexSettings>,
  simulator: Partial<VertexOptionsInput> = {},
) {
  const simulation = await simulate(
    (dataDir) =>
      startVertexSimulator({
        port: 0,
        dataDir,
        plan: [...plan],
        jobSeconds,
        serviceAccounts: [wrongKey ? 'another@a-project.iam.gserviceaccount.com' : EMAIL],
        ...simulator,
        ...(full ? { jobLimit: 0, jobLimitRefusal: full === 'at create' ? 'create' : 'job' } : {}),
      }),
    (baseUrl) =>
      connectVertex(
        entryAt(vertexAi, { baseUrl, secret: KEY, settings: vertexSettings(settings) }),
      ),
  );
  return { ...simulation, [Symbol.asyncDispose]: simulation.close };
}
