import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startVertexSimulator, type VertexOptionsInput } from '../../../simulators/vertex/index.ts';

export const JOB_SECONDS = 10;
const START = 1_700_000_000_000;
const JOBS = '/v1/projects/a-project/locations/us-central1/batchPredictionJobs';
const DAY_MS = 24 * 60 * 60 * 1000;
const TOKEN = `ya29.simulator-${START + DAY_MS}`;

export interface Job {
  readonly name: string;
  readonly state: string;
  readonly [field: string]: unknown;
}

/** A simulator whose clock only the test moves, called over HTTP. */
export async function world(options: Partial<VertexOptionsInput> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'vertex-simulator-'));
  let now = START;
  const begin = () =>
    startVertexSimulator({ dataDir, jobSeconds: JOB_SECONDS, ...options }, () => now);
  let simulator = await begin();
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function call(method: string, path: string, body?: unknown, headers = {}) {
    const response = await fetch(`${simulator.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  }

  async function json(method: string, path: string, body?: unknown) {
    const { status, text } = await call(method, path, body);
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  }

  return {
    call,
    json,
    advanceSeconds(seconds: number) {
      now += seconds * 1000;
    },
    /** Uploads an object in one chunk. */
    async put(name: string, content: string) {
      const started = await call(
        'POST',
        `/upload/storage/v1/b/a/o?uploadType=resumable&name=${name}`,
      );
      const end = Buffer.byteLength(content);
      return fetch(started.headers.get('location') ?? '', {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-range': `bytes 0-${end - 1}/${end}`,
        },
        body: content,
      });
    },
    create: (changes: object = {}) =>
      json('POST', JOBS, {
        displayName: 'a job',
        model: 'publishers/google/models/gemini-2.5-flash',
        inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: ['gs://a/input.jsonl'] } },
        outputConfig: {
          predictionsFormat: 'jsonl',
          gcsDestination: { outputUriPrefix: 'gs://a/output/' },
        },
        ...changes,
      }),
    list: (query = '') => json('GET', `${JOBS}${query}`),
    /** The job after all work that is due by now. */
    async view(name: string): Promise<Job> {
      await simulator.finishDueWork();
      return (await json('GET', `/v1/${name}`)).body;
    },
    journal: () => simulator.journal(),
    async restart() {
      await simulator.close();
      simulator = await begin();
    },
  };
}

/** The lines of an input for Gemini. */
export function geminiLines(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const contents = [{ role: 'user', parts: [{ text: `Say ${index % 5}.` }] }];
    const labels = { batch_handler_request: `r${index}` };
    return `${JSON.stringify({ request: { contents, labels } })}\n`;
  }).join('');
}
