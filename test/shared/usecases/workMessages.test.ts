import { expect, it } from 'vitest';
import { NewerSchemaError } from '../../../shared/batch/errors.ts';
import { METRICS } from '../../../shared/metrics.ts';
import { acceptWork } from '../../../shared/usecases/work/work.ts';
import { world } from '../../support/world.ts';

const accept = (w: ReturnType<typeof world>, body: string) =>
  acceptWork(w.dependencies, { body, messageId: 'm1' });

it('a message of the work queue is parsed', async () => {
  const w = world();

  const message = await accept(w, '{"action":"submit","batchId":"b1"}');

  expect(message).toEqual({ action: 'submit', batchId: 'b1' });
  expect(w.deadLetters).toEqual([]);
});

it.each([
  ['{', 'invalid_json: the message is not JSON'],
  ['null', 'invalid_work_message: null is not an object'],
  [
    '{"action":"cancel","batchId":"b1"}',
    'invalid_work_message: action: must be one of inspect, submit, collect, assemble',
  ],
  ['{"action":"submit"}', 'invalid_work_message: batchId is missing: must be a text'],
])(
  'a malformed message goes to the dead-letter queue at once, with its reason: %s',
  async (body, reason) => {
    const w = world();

    const message = await accept(w, body);

    expect(message).toBeUndefined();
    expect(w.deadLetters).toEqual([
      { queue: 'work', body, messageId: 'm1', reason: expect.stringContaining(reason) },
    ]);
    expect(w.metrics.get(METRICS.refused)).toBe(1);
  },
);

it('the reason quotes nothing of a message that belongs to another queue', async () => {
  const w = world();

  await accept(w, '{"requests":[{"body":"a secret prompt"}]}');
  await accept(w, 'a secret prompt');

  expect(w.deadLetters).toHaveLength(2);
  expect(JSON.stringify([w.deadLetters.map(({ reason }) => reason), w.logged])).not.toContain(
    'secret',
  );
});

it('work of a newer version returns to the queue', async () => {
  const w = world();

  const accepted = accept(w, '{"schemaVersion":2,"action":"dance"}');

  await expect(accepted).rejects.toThrow(NewerSchemaError);
  expect(w.deadLetters).toEqual([]);
});
