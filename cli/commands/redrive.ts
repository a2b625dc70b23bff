import { type Command, InvalidArgumentError } from 'commander';
import { type DeadLetters, QUEUE_NAMES, type QueueName } from '../../shared/batch/clientPorts.ts';
import {
  CONTENTS,
  moveEndText,
  moveText,
  oldestSentAt,
  reasonGroups,
} from '../../shared/operations/deadLetters.ts';
import { counted, durationText } from '../../shared/terminal.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { readList } from '../options.ts';
import { confirm } from '../terminal/confirm.ts';
import { hanging, oneLine, widthOf } from '../terminal/output.ts';
import { showProgress } from '../terminal/progress.ts';
import { countText } from '../text.ts';

interface RedriveOptions extends ConnectionOptions {
  readonly queue?: readonly QueueName[];
  readonly yes?: true;
  readonly json?: true;
}

export function defineRedrive(command: Command, context: CliContext): void {
  withConnection(command)
    .option(
      '--queue <queues>',
      `only these queues, separated by commas: ${QUEUE_NAMES.join(', ')} (default: all)`,
      readQueueNames,
    )
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print one JSON object per queue')
    .addHelpText(
      'after',
      `
Fix the cause first: a message that fails again comes back with its new reason. docs/operations.md
describes what each queue holds.

Examples:
  batch-handler redrive
  batch-handler redrive --queue batch --yes`,
    )
    .action(async (options: RedriveOptions) => context.end(await redriveQueues(options, context)));
}

async function redriveQueues(options: RedriveOptions, context: CliContext): Promise<number> {
  const { stdout, stderr, now } = context;
  const { queues } = (await openClient(options)).connection;
  const full: { readonly queue: QueueName; readonly deadLetters: DeadLetters }[] = [];
  for (const queue of queues.names) {
    if (options.queue && !options.queue.includes(queue)) continue;
    const deadLetters = await queues.deadLetters(queue);
    if (deadLetters.count > 0) full.push({ queue, deadLetters });
  }
  if (!options.json)
    for (const { queue, deadLetters } of full) {
      const lines = deadLetterLines(queue, deadLetters, now(), widthOf(stderr));
      stderr.write(`${lines.join('\n')}\n`);
    }
  if (full.length === 0) {
    stderr.write('there are no dead letters\n');
    return EXIT.done;
  }
  const total = full.reduce((sum, { deadLetters }) => sum + deadLetters.count, 0);
  const question = `Move ${counted(total, 'message')} back to be processed again?`;
  if (!(await confirm(question, options.yes, context))) return EXIT.failed;
  let exitCode: number = EXIT.done;
  for (const { queue, deadLetters } of full) {
    const { count: messages, samples: examples } = deadLetters;
    const moves = queues.redrive(queue, { signal: context.interrupted });
    const end = await showProgress(moves, stderr, (move) => `${queue}: ${moveText(move)}`);
    if (end?.status !== 'completed') exitCode = EXIT.failed;
    if (options.json) stdout.write(`${JSON.stringify({ queue, messages, examples, ...end })}\n`);
    else stdout.write(`${queue}: ${moveEndText(end)}\n`);
  }
  return exitCode;
}

function readQueueNames(text: string): readonly QueueName[] {
  return readList(text).map((word) => {
    const name = QUEUE_NAMES.find((each) => each === word);
    if (name !== undefined) return name;
    throw new InvalidArgumentError(`${word} is not one of ${QUEUE_NAMES.join(', ')}.`);
  });
}

/** What a dead-letter queue holds, with the reasons that were seen, the most frequent first. */
function deadLetterLines(
  name: QueueName,
  letters: DeadLetters,
  now: number,
  width: number,
): readonly string[] {
  const { count, samples } = letters;
  const oldest = oldestSentAt(letters);
  const age =
    oldest === undefined ? '' : `, the oldest seen sent ${durationText(now - oldest)} ago`;
  const unseen = count - samples.length;
  return [
    `${name}: ${counted(count, 'message')}${age} (${CONTENTS[name]})`,
    ...reasonGroups(letters).flatMap(({ reason, letters: those }) =>
      hanging(`  ${those.length}× `, oneLine(reason), width),
    ),
    ...(unseen > 0 ? [`  … and ${countText(unseen)} more that were not read`] : []),
  ];
}
