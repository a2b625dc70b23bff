import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import { fakeProvider, fakeProviders, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { upload, type World, world } from '../../support/world.ts';

const line = (custom_id: string, changes: object = {}) => ({
  ...{ custom_id, method: 'POST', url: '/chat/completions', body: { n: 1 } },
  ...changes,
});
const SHORT = line('a');
const EXACT =
  '{"custom_id":"b", "method":"POST", "url":"/v1/chat/completions", "body":{"model":"mine","seed":12345678901234567890}}';

/** A world whose entry `openai` has a model for requests that name none. */
function withDefault(defaultModel: string | undefined = 'mine'): World {
  const w = world();
  Object.assign(w.provider, { defaultModel });
  return w;
}

async function run(w: World, lines: readonly (object | string)[], message: object = {}) {
  const texts = lines.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
  await upload(w.objects, 'uploads/b1.jsonl', texts);
  await w.send({ batchId: 'b1', ...message });
  await w.workAll();
  await w.sweep();
  await w.workAll();
  return w.provider.jobs.map((job) => job.lines);
}

const COMPLETE = JSON.stringify({
  ...{ custom_id: 'a', method: 'POST', url: '/v1/chat/completions' },
  body: { n: 1, model: 'mine' },
});

describe('a file whose lines leave out the version of their url, or the model', () => {
  it('is submitted with both, and other lines keep their bytes', async () => {
    const w = withDefault();
    expect(await run(w, [SHORT, EXACT])).toEqual([[COMPLETE, EXACT]]);
    expect(w.batch('b1').input).toMatchObject({
      endpoint: '/v1/chat/completions',
      model: 'mine',
      isAbbreviated: true,
    });
  });

  it('keeps its bytes if nothing is left out', async () => {
    const w = withDefault();
    expect(await run(w, [EXACT])).toEqual([[EXACT]]);
    expect(w.batch('b1').input).not.toHaveProperty('isAbbreviated');
  });

  it('may have an endpoint without its version in the message', async () => {
    expect(await run(withDefault(), [SHORT], { endpoint: '/chat/completions' })).toHaveLength(1);
  });

  it('runs in parts', async () => {
    const w = withDefault();
    Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 1 } });
    await run(w, [SHORT, EXACT]);
    await w.sweep();
    await w.workAll();
    expect(w.provider.jobs.map((job) => job.lines)).toEqual([[COMPLETE], [EXACT]]);
  });

  it('is split to a limit that a refusal named', async () => {
    const w = withDefault();
    w.provider.onSubmit = (_, lines) => {
      if (lines.length < 2) return;
      const quota = { of: 'requests', limit: 1 } as const;
      throw new ProviderError('quota', { code: 'full', message: 'full', quota });
    };
    await run(w, [SHORT, EXACT]);
    for (let turn = 0; turn < 5; turn++) {
      w.advance(3_600);
      await w.sweep();
      await w.workAll();
      for (const job of w.provider.jobs)
        if (job.state.state === 'running')
          w.provider.end(job, { kind: 'completed' }, () => SUCCESS);
    }
    expect(w.provider.jobs.map((job) => job.lines)).toEqual([[COMPLETE], [EXACT]]);
  });

  it.each([
    ['no entry names a model', undefined, SHORT, 'missing_model'],
    ['its model is null', 'mine', line('a', { body: { model: null } }), 'missing_model'],
    ['no such endpoint exists', 'mine', line('a', { url: '/chat' }), 'unsupported_url'],
    [
      'another version is meant',
      'mine',
      line('a', { url: '/v2/chat/completions' }),
      'unsupported_url',
    ],
  ])('is refused if %s', async (_, model, request, code) => {
    const w = world();
    Object.assign(w.provider, { defaultModel: model });
    expect(await run(w, [request])).toEqual([]);
    expect(w.batch('b1')).toMatchObject({ status: 'failed', reasons: [{ code, line: 1 }] });
  });

  it('is refused if one of its entries names no model', async () => {
    const w = withDefault();
    const other = fakeProvider(w.dependencies.clock.now);
    Object.assign(w.dependencies, { providers: fakeProviders({ openai: w.provider, other }) });
    await run(w, [SHORT], { providers: ['openai', 'other'] });
    expect(w.batch('b1')).toMatchObject({ reasons: [{ code: 'missing_model' }] });
  });
});
