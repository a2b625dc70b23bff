import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startOpenAiSimulator } from '../../../simulators/openai/index.ts';
import { diskScratch, providerSettingsSchema, providers, world } from '../../support/harness.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** The system in front of OpenAI's simulator, on one clock, with room for so many such batches. */
async function inFrontOfOpenAi(holds: number, refusal: 'job' | 429) {
  const w = world();
  const { clock, objects } = w.dependencies;
  const dataDir = await mkdtemp(join(tmpdir(), 'admission-'));
  const simulator = await startOpenAiSimulator(
    {
      dataDir,
      jobSeconds: 300,
      // What the simulator takes one of the batches below for: four bytes to a token.
      enqueuedTokenLimit: Math.ceil(LINE_BYTES / 4) * holds,
      enqueuedTokenRefusal: refusal,
    },
    clock.now,
  );
  closers.push(simulator.close, () => rm(dataDir, { recursive: true }));
  Object.assign(w.dependencies, {
    scratch: diskScratch(dataDir),
    providers: providers(
      { openai: providerSettingsSchema.parse({ kind: 'openai' }) },
      { secret: async () => 'sk-test', objects, baseUrls: { openai: simulator.url } },
    ),
  });
  // The simulator checks inputs in its own time: the clock waits for it.
  return { w, settled: simulator.finishDueWork };
}

const ID_LENGTH = 4;
const LINE_BYTES =
  JSON.stringify({
    custom_id: 'x'.repeat(ID_LENGTH),
    method: 'POST',
    url: '/v1/embeddings',
    body: { model: 'm', input: `text of ${'x'.repeat(ID_LENGTH)}` },
  }).length + 1;

describe('200 batches in front of a limit that holds 7 at once', () => {
  it.each([['job' as const], [429 as const]])(
    'all complete, in order, with a handful of refusals (%s)',
    async (refusal) => {
      const { w, settled } = await inFrontOfOpenAi(7, refusal);
      const ids = Array.from({ length: 200 }, (_, index) => `b${String(index).padStart(3, '0')}`);
      for (const id of ids) {
        await w.add(id, [id]);
        w.advance(1);
      }
      await w.workAll();
      const isOver = () => ids.every((id) => w.batch(id).counts.succeeded === 1);
      let submitted: number | undefined;
      for (let sweeps = 0; sweeps < 2_000 && !isOver(); sweeps++) {
        await w.sweep();
        await w.workAll();
        const isNew = submitted !== w.metrics.get('JobsSubmitted');
        submitted = w.metrics.get('JobsSubmitted');
        if (isNew) await settled();
        w.advance(60);
      }
      expect(isOver()).toBe(true);
      for (const id of ids) expect(w.batch(id)).toMatchObject({ attempt: 1 });
      const waits = w.metrics.get('QuotaWaits') ?? 0;
      expect(waits).toBeLessThanOrEqual(6);
      const finished = ids.toSorted(
        (a, b) => (w.batch(a).job?.submittedAt ?? 0) - (w.batch(b).job?.submittedAt ?? 0),
      );
      // A refused one is behind those that started beside it.
      const places = finished.map((id, place) => Math.abs(ids.indexOf(id) - place));
      expect(Math.max(...places)).toBeLessThanOrEqual(8);
    },
  );
});
