import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import {
  type FakeProvider,
  fakeProvider,
  fakeProviders,
} from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

/** A world with two providers, `openai` and `other`, that hold so many jobs at once. */
function twoProviders(maxInFlight: { openai: number; other: number }) {
  const w = world();
  const other = fakeProvider(w.dependencies.clock.now);
  for (const [provider, most] of [
    [w.provider, maxInFlight.openai],
    [other, maxInFlight.other],
  ] as const)
    Object.assign(provider, { limits: { ...provider.limits, maxInFlight: most } });
  Object.assign(w.dependencies, { providers: fakeProviders({ openai: w.provider, other }) });
  return { w, other };
}

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

const held = ({ jobs }: FakeProvider) => jobs.map(({ batchId }) => batchId).sort();
const BOTH = { providers: ['openai', 'other'] };

describe('a batch that may go to several providers', () => {
  it('goes to one with capacity', async () => {
    const { w, other } = twoProviders({ openai: 1, other: 1 });
    for (const id of ['a', 'b', 'c']) await w.add(id, ['x'], BOTH);
    await w.workAll();
    await step(w);
    expect(held(w.provider)).toEqual(['a']);
    expect(held(other)).toEqual(['b']);
    expect(w.batch('b')).toMatchObject({ status: 'running', provider: 'other' });
    expect(w.batch('c').status).toBe('queued');
  });

  it('is added once, also if its message is delivered again after it has moved', async () => {
    const { w, other } = twoProviders({ openai: 0, other: 1 });
    await w.add('a', ['x'], BOTH);
    await w.workAll();
    await step(w);
    expect(held(other)).toEqual(['a']);
    await w.send({ batchId: 'a', ...BOTH });
    expect(w.deadLetters).toEqual([]);
    expect(w.batch('a')).toMatchObject({ status: 'running', provider: 'other' });
  });

  it('stays where it may have left an upload until its end', async () => {
    const { w, other } = twoProviders({ openai: 9, other: 9 });
    w.provider.onSubmit = () => {
      throw new ProviderError('quota', { code: 'full', message: 'full' });
    };
    await w.add('a', ['x'], BOTH);
    await w.workAll();
    await step(w);
    expect(w.batch('a')).toMatchObject({ status: 'queued', attempt: 0 });
    await step(w);
    expect(held(other)).toEqual([]);
    // What it may have left at the first is deleted only when it has ended.
    expect(w.batch('a').leftovers).toBe(1);
  });

  it('has parts at all of them', async () => {
    const { w, other } = twoProviders({ openai: 9, other: 9 });
    Object.assign(other, { limits: { ...other.limits, maxRequests: 2 } });
    await w.add('a', ['u', 'v', 'w', 'x', 'y', 'z', '1'], BOTH);
    await w.workAll();
    await step(w);
    expect(held(w.provider)).toEqual(['a/1', 'a/3']);
    expect(held(other)).toEqual(['a/2', 'a/4']);
  });

  it('is refused if one of them does not exist, or the message uses both forms', async () => {
    const { w } = twoProviders({ openai: 1, other: 1 });
    await w.add('a', ['x'], { providers: ['openai', 'nobody'] });
    await w.add('b', ['x'], { provider: 'openai', ...BOTH });
    expect(w.deadLetters.map(({ reason }) => reason)).toMatchObject([
      expect.stringContaining('nobody'),
      expect.stringContaining('not both'),
    ]);
  });
});
