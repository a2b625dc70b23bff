import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import { LOG_MESSAGES } from '../../../shared/metrics.ts';
import { attributed, logFields, logFieldsOf } from '../../../shared/usecases/logFields.ts';
import { transition } from '../../../shared/usecases/transition.ts';
import { runWork } from '../../../shared/usecases/work/work.ts';
import { RATE_LIMITED, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

describe('an error', () => {
  it('is about the batch that it was attributed to first', () => {
    const error = new Error('no');
    expect(attributed(error, { batchId: 'a', attempt: 2 })).toBe(error);
    attributed(error, { batchId: 'a' });

    expect(logFieldsOf(error)).toEqual({ batchId: 'a', attempt: 2 });
  });

  it('is about no batch if it was attributed to none, or is no error', () => {
    expect(logFieldsOf(new Error('another'))).toBeUndefined();
    expect(attributed('text', { batchId: 'a' })).toBe('text');
    expect(logFieldsOf('text')).toBeUndefined();
  });

  it('of a record that cannot be written names the batch and its attempt', async () => {
    const w = await running();
    w.batches.replace = async () => {
      throw new Error('throttled');
    };
    const error = await transition(w.dependencies, 'b1', {
      type: 'cancelRequested',
      messageId: 'm',
    }).catch((thrown: unknown) => thrown);

    expect(logFieldsOf(error)).toEqual({ batchId: 'b1', attempt: 1 });
  });

  it('of a record that cannot be read names the batch', async () => {
    const w = world();
    w.batches.get = async () => {
      throw new Error('throttled');
    };
    const error = await transition(w.dependencies, 'b1', { type: 'due' }).catch(
      (thrown: unknown) => thrown,
    );

    expect(logFieldsOf(error)).toEqual({ batchId: 'b1' });
  });
});

it('the fields of a batch without an attempt are its id alone', () => {
  expect(logFields({ batchId: 'a' })).toEqual({ batchId: 'a' });
});

/** Lines that are about no batch, or about several. */
const ABOUT_NO_BATCH = ['sweep done', 'job listing failed; it is repeated after a backoff'];

it('every log line about a batch names it and its attempt', async () => {
  const w = await running();
  const { readRows } = w.provider;
  const [first] = w.provider.jobs;
  if (!first) throw new Error('no job');
  w.provider.end(first, { kind: 'completed' }, (id) => (id === 'a' ? SUCCESS : RATE_LIMITED));
  w.provider.readRows = () => {
    throw new Error('the download broke');
  };
  await sweepAndWork(w);
  w.provider.readRows = readRows;
  await onward(w);
  w.provider.onSubmit = () => {
    throw new ProviderError('quota', { code: 'full', message: 'no room' });
  };
  await onward(w);
  // The job is made, and the answer to its creation is lost.
  w.provider.onSubmit = ({ key, batchId }) => {
    const job = { id: 'lost', key, batchId, createdAt: w.dependencies.clock.now(), lines: [] };
    w.provider.jobs.push({ ...job, cancelled: false, state: { state: 'running' } });
    throw new Error('the answer was lost');
  };
  await onward(w);
  w.provider.onSubmit = () => {};
  w.provider.listFailure = new Error('no listing');
  await onward(w);
  w.provider.listFailure = undefined;
  await onward(w);
  w.provider.cancel = async () => {
    throw new Error('no cancelling');
  };
  await w.send({ action: 'cancel', batchId: 'b1' }, 'cancel');
  await w.send({ action: 'cancel', batchId: 'b1' }, 'cancel');
  await onward(w);
  w.provider.checkFailure = new ProviderError('account', { code: 'key', message: 'revoked' });
  await onward(w);
  await w.send({ action: 'redeliver', batchId: 'b1' });
  await w.send({ batchId: 'b1' });
  await runWork(w.dependencies, { action: 'submit', batchId: 'b1' }, Number.MAX_SAFE_INTEGER);

  const lines = w.logged.map((line) => {
    const at = line.indexOf(' {');
    return { message: line.slice(0, at), fields: JSON.parse(line.slice(at)) };
  });
  const nameless = lines.filter(
    ({ message, fields }) =>
      !ABOUT_NO_BATCH.includes(message) &&
      (fields.batchId !== 'b1' || typeof fields.attempt !== 'number'),
  );
  expect(nameless).toEqual([]);
  expect(lines.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      ...['batch accepted', 'work done', 'work failed', 'work not claimed', 'message refused'],
      ...['batch state change', 'batch was added before', 'job adopted', 'command ignored'],
      'effect failed; a sweep will repeat it',
      ...[LOG_MESSAGES.providerCoolingDown, LOG_MESSAGES.providerBlocked],
    ]),
  );
});

/** Time passes, and everything that is due is done. */
async function onward(w: World): Promise<void> {
  w.advance(3_600);
  for (const { body } of w.batchQueue.splice(0)) await w.send(body);
  await sweepAndWork(w);
  await sweepAndWork(w);
}

async function running(): Promise<World> {
  const w = world();
  await w.add('b1', ['a', 'b']);
  await w.workAll();
  await sweepAndWork(w);
  return w;
}

async function sweepAndWork(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}
