import { depthOf, lookAtDeadLetters, totalOf } from '../../deadLetters/index.ts';
import { type DeadLetterQueue, deadLetterQueues } from '../../deadLetters/queues.ts';
import { durationText } from '../../durationText.ts';
import type { Check } from '../check.ts';
import { type Found, note, ok, problem } from '../finding.ts';
import type { Subject } from '../subject.ts';

/** More than a moment's work: whether that is a problem shows in how old batches are. */
const DEEP = 1_000;

export const queues: Check = {
  name: 'queues',
  permissions: ['sqs:GetQueueAttributes'],
  async run({ connection: { sqs, handler } }) {
    const depths = await Promise.all(
      deadLetterQueues(handler.resources).map(async ({ source, queueUrl }) => {
        const depth = await depthOf(sqs, queueUrl);
        return { source, depth, total: totalOf(depth) };
      }),
    );
    const what = depths
      .map(({ source, depth: { inFlight }, total }) =>
        inFlight > 0 ? `${source} ${total} (${inFlight} at work)` : `${source} ${total}`,
      )
      .join(', ');
    return [depths.some(({ total }) => total >= DEEP) ? note(what) : ok(what)];
  },
};

export const deadLetters: Check = {
  name: 'dead letters',
  permissions: ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  async run(subject) {
    const all = deadLetterQueues(subject.connection.handler.resources);
    const found = (await Promise.all(all.map((queue) => deadLettersOf(subject, queue)))).flat();
    return found.length > 0 ? found : [ok('none')];
  },
};

async function deadLettersOf(
  { connection: { sqs }, now }: Subject,
  { source, deadLetterUrl }: DeadLetterQueue,
): Promise<readonly Found[]> {
  const count = totalOf(await depthOf(sqs, deadLetterUrl));
  const seen = await lookAtDeadLetters(sqs, deadLetterUrl);
  const messages = Math.max(count, seen.length);
  if (messages === 0) return [];
  const oldest = Math.min(...seen.map(({ sentAt }) => sentAt));
  const age = seen.length > 0 ? `, the oldest seen ${durationText(now() - oldest)} old` : '';
  const reason = seen.find((letter) => letter.reason !== undefined)?.reason;
  const why = reason === undefined ? '' : `: ${reason}`;
  return [
    problem(
      `${messages} of the ${source} queue${age}${why}`,
      `remove the cause, then batch-handler redrive --queue ${source}`,
    ),
  ];
}
