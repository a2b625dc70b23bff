import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import { providerCommand } from '../../../shared/usecases/intake/commands.ts';
import { fakeProvider, fakeProviders, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

const PAUSE = { action: 'pause', provider: 'openai', reason: 'the budget talks' };
const RESUME = { action: 'resume', provider: 'openai' };

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

describe('who paused a provider', () => {
  it.each([
    ['the message names', { by: 'alice' }, 'AROAEXAMPLE:bob', 'alice'],
    ['has sent the message in a session', {}, 'AROAEXAMPLE:bob@example.com', 'bob@example.com'],
    ['has sent the message with keys', {}, 'AIDAEXAMPLE', 'AIDAEXAMPLE'],
    ['is not known', {}, '', undefined],
  ])('is whoever %s', async (_, named, sender, expected) => {
    const w = world();
    await providerCommand(w.dependencies, { ...PAUSE, ...named } as never, {
      ...{ messageId: 'm', sentAt: 1, sender },
    });
    expect((await w.dependencies.providerStates.get('openai')).lastCommand?.by).toBe(expected);
  });
});

describe('a provider that a user has paused', () => {
  it('starts nothing; waiting batches use no attempt and start after the resume', async () => {
    const w = world();
    await w.send(PAUSE);
    await w.add('a', ['x']);
    await w.workAll();
    for (let sweeps = 0; sweeps < 3; sweeps++) await step(w);
    expect(w.batch('a')).toMatchObject({ status: 'queued', attempt: 0, submission: 1 });
    expect(w.metrics.get('PauseWaits')).toBe(3);
    expect(w.metrics.has('ProviderBlocked')).toBe(false);
    expect(w.logged).toContainEqual(expect.stringMatching(/paused.*the budget talks.*"waiting":1/));
    w.advance(1);
    await w.send(RESUME);
    await step(w);
    expect(w.batch('a')).toMatchObject({ status: 'running', attempt: 1 });
  });

  it('has its running jobs checked, collected and delivered', async () => {
    const w = world();
    await w.add('a', ['x']);
    await w.workAll();
    await step(w);
    await w.send(PAUSE);
    const [job] = w.provider.jobs;
    if (job) w.provider.end(job, { kind: 'completed' }, () => SUCCESS);
    w.advance(60);
    await step(w);
    await w.settle();
    expect(w.batch('a').status).toBe('completed');
  });

  it('lets batches continue that were admitted before', async () => {
    const w = world();
    await w.add('a', ['x']);
    await w.workAll();
    await w.sweep();
    expect(w.batch('a').status).toBe('submitting');
    await w.send(PAUSE);
    await w.workAll();
    expect(w.batch('a').status).toBe('running');
  });

  it('sends batches to other providers that they may go to', async () => {
    const w = world();
    const other = fakeProvider(w.dependencies.clock.now);
    Object.assign(w.dependencies, { providers: fakeProviders({ openai: w.provider, other }) });
    await w.send(PAUSE);
    await w.add('a', ['x'], { providers: ['openai', 'other'] });
    await w.workAll();
    await step(w);
    expect(w.batch('a')).toMatchObject({ status: 'running', provider: 'other' });
  });

  it('is not changed by an old command that is delivered again or late', async () => {
    const w = world();
    const { now } = w.dependencies.clock;
    const sentAt = now();
    await w.send(PAUSE, 'p', 1, sentAt);
    await w.send(RESUME, 'r', 1, sentAt + 1);
    await w.send(PAUSE, 'p', 2, sentAt);
    expect(w.states.get('openai')?.lastCommand?.action).toBe('resume');
    expect(w.logged.at(-1)).toContain('a later one was sent');
    await w.send(RESUME, 'r2', 1, sentAt + 3);
    await w.send(PAUSE, 'p2', 1, sentAt + 2);
    expect(w.states.get('openai')?.lastCommand?.messageId).toBe('r2');
  });
});

describe('a resume', () => {
  it('has a blocked provider tried at once', async () => {
    const w = world();
    w.provider.onSubmit = () => {
      throw new ProviderError('account', { code: 'invalid_api_key', message: 'wrong key' });
    };
    await w.add('a', ['x']);
    await w.workAll();
    await step(w);
    expect(w.states.get('openai')?.hold?.kind).toBe('account');
    w.provider.onSubmit = () => {};
    await step(w);
    expect(w.batch('a').status).toBe('queued');
    await w.send(RESUME);
    await step(w);
    expect(w.batch('a').status).toBe('running');
  });
});

describe('a command that can never be carried out goes to the dead-letter queue', () => {
  it.each([
    ['of an unknown provider', { action: 'pause', provider: 'nobody' }, 'nobody'],
    ['of no provider', { action: 'resume' }, 'provider'],
    ['with more than it takes', { ...PAUSE, batchId: 'x' }, 'batchId'],
    ['with an endless reason', { ...PAUSE, reason: 'x'.repeat(501) }, 'reason'],
  ])('%s', async (_, message, reason) => {
    const w = world();
    await w.send(message);
    expect(w.deadLetters).toMatchObject([{ reason: expect.stringContaining(reason) }]);
    expect(w.states.size).toBe(0);
  });
});
