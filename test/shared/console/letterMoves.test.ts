import { expect, it } from 'vitest';
import type { MoveProgress } from '../../../shared/batch/clientPorts.ts';
import type { BatchHandlerClient } from '../../../shared/client/client.ts';
import { type LetterMove, LetterMoves } from '../../../shared/console/letterMoves.ts';
import { NOW } from '../../support/given.ts';

const silent = () => {};

function movesOf(redrive: () => AsyncGenerator<MoveProgress>) {
  const told: LetterMove[] = [];
  const ended = Promise.withResolvers<LetterMove>();
  const client = { connection: { queues: { redrive } } } as unknown as BatchHandlerClient;
  const moves = new LetterMoves(
    {
      client,
      explain: (error) => `explained: ${String(error)}`,
      log: { info: silent, warn: silent, error: silent },
      now: () => NOW,
    },
    (move) => {
      told.push(move);
      if (!move.isRunning) ended.resolve(move);
    },
  );
  return { moves, told, ended: ended.promise };
}

it('tells how far a move is and how it has ended, and begins one at a time', async () => {
  let begun = 0;
  const { moves, told, ended } = movesOf(async function* () {
    begun += 1;
    yield { status: 'running', moved: 1, toMove: 3 };
    yield { status: 'completed', moved: 3, toMove: 3 };
  });
  expect(moves.start('batch')).toMatchObject({ isRunning: true, moved: 0 });
  moves.start('batch');
  expect(await ended).toEqual({
    ...{ queue: 'batch', isRunning: false, hasFailed: false, moved: 3, toMove: 3 },
    ...{ text: '3 moved back', endedAt: new Date(NOW).toISOString() },
  });
  expect(told.map(({ text }) => text)).toEqual(['it begins', '1 of about 3 moved', '3 moved back']);
  expect(begun).toBe(1);
  expect(moves.all()).toHaveLength(1);
  moves.start('batch');
  expect(begun).toBe(2);
});

it('says why a move has failed', async () => {
  const { moves, ended } = movesOf(async function* () {
    yield { status: 'failed', moved: 2, toMove: 3, failure: 'AccessDenied' };
  });
  moves.start('work');
  expect(await ended).toMatchObject({
    ...{ hasFailed: true, moved: 2, text: 'failed (AccessDenied), 2 moved back' },
  });
});

it('explains an error in its midst', async () => {
  const { moves, ended } = movesOf(async function* () {
    yield { status: 'running', moved: 2, toMove: null };
    throw new Error('ExpiredToken');
  });
  moves.start('work');
  expect(await ended).toMatchObject({
    ...{ hasFailed: true, moved: 2, text: 'explained: Error: ExpiredToken' },
  });
});
