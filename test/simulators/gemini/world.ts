import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoogleGenAI } from '@google/genai';
import { onTestFinished } from 'vitest';
import { type GeminiOptionsInput, startGeminiSimulator } from '../../../simulators/gemini/index.ts';

export const JOB_SECONDS = 100;
export const MODEL = 'gemini-2.5-flash';

/** A simulator whose clock only the test moves, and a client of Google's SDK. */
export async function world(options: Partial<GeminiOptionsInput> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'gemini-simulator-'));
  let now = Date.parse('2026-11-25T00:00:00Z');
  const launch = () =>
    startGeminiSimulator({ jobSeconds: JOB_SECONDS, ...options, dataDir }, () => now);
  let simulator = await launch();
  let client = clientAt(simulator.url);
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const here = {
    get simulator() {
      return simulator;
    },
    get client() {
      return client;
    },
    advanceSeconds(seconds: number) {
      now += seconds * 1000;
    },
    async restart() {
      await simulator.close();
      simulator = await launch();
      client = clientAt(simulator.url);
    },
    upload(text: string, displayName = 'a file') {
      const file = new Blob([text], { type: 'application/jsonl' });
      return client.files.upload({ file, config: { displayName, mimeType: 'application/jsonl' } });
    },
    /** A job with this many requests. */
    async job(requests: number, displayName = 'a job') {
      const { name = '' } = await here.upload(linesOf(requests));
      return client.batches.create({ model: MODEL, src: name, config: { displayName } });
    },
    /** The job after its end. */
    async end(name: string | undefined) {
      for (let step = 0; step < 4; step++) {
        await simulator.finishDueWork();
        here.advanceSeconds(JOB_SECONDS / 2);
      }
      return client.batches.get({ name: name ?? '' });
    },
    /** The content of a file that a job has written. */
    async content(name: string | undefined) {
      const url = `${simulator.url}/download/v1beta/${name}:download?alt=media`;
      return (await fetch(url, { headers: { 'x-goog-api-key': 'a-key' } })).text();
    },
  };
  return here;
}

/** The input of a job. */
function linesOf(requests: number): string {
  return Array.from({ length: requests }, (_, index) => {
    const request = { contents: [{ parts: [{ text: `Question ${index}` }] }] };
    return `${JSON.stringify({ key: `key-${index}`, request })}\n`;
  }).join('');
}

function clientAt(baseUrl: string): GoogleGenAI {
  const httpOptions = { baseUrl, apiVersion: 'v1beta', retryOptions: { attempts: 1 } };
  return new GoogleGenAI({ apiKey: 'a-key', httpOptions });
}
