import { expect, test } from 'vitest';
import { eventually } from '../fixtures/eventually.ts';
import { bodiesIn, recorded, sendInput } from '../fixtures/toyAccess.ts';
import { startToyStack } from '../fixtures/toyStack.ts';

test('messages that a function reports are tried again and put aside, the others are done with', async () => {
  // Prepare
  const stack = await startToyStack();

  // Act
  await Promise.all([
    sendInput(stack, 'good', 'ok'),
    sendInput(stack, 'bad', 'fail'),
    sendInput(stack, 'other', 'ok'),
  ]);

  // Assess
  const dead = await eventually(
    () => bodiesIn(stack, 'DeadLetters'),
    ({ length }) => length > 0,
  );
  expect(dead).toEqual([JSON.stringify({ name: 'bad', does: 'fail' })]);
  expect(await recorded(stack, 'bad')).toEqual({ count: 2, tag: 'tag of bad' });
  expect(await recorded(stack, 'good')).toEqual({ count: 1, tag: 'tag of good' });
  expect((await recorded(stack, 'other')).count).toBe(1);
  expect(await bodiesIn(stack, 'Input')).toEqual([]);
});

test.each(['throw', 'exit', 'hang'])(
  'a function that does "%s" gets its message again, then it is put aside',
  async (does) => {
    const stack = await startToyStack();

    await sendInput(stack, 'bad', does);

    const dead = await eventually(
      () => bodiesIn(stack, 'DeadLetters'),
      ({ length }) => length > 0,
    );
    expect(dead).toHaveLength(1);
    expect((await recorded(stack, 'bad')).count).toBe(2);
    await sendInput(stack, 'good', 'ok');
    const after = await eventually(
      () => recorded(stack, 'good'),
      ({ count }) => count > 0,
    );
    expect(after.count).toBe(1);
  },
);

test('a schedule invokes its function again and again', async () => {
  const stack = await startToyStack({ intervalSeconds: 0.2 });

  const { count, tag } = await eventually(
    () => recorded(stack, 'tick'),
    (ticks) => ticks.count >= 3,
  );

  expect(count).toBeGreaterThanOrEqual(3);
  expect(tag).toBe('schedule');
});
