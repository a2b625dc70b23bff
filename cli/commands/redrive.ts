import { type Command, InvalidArgumentError } from 'commander';
import {
  DEAD_LETTER_SOURCES,
  type DeadLetter,
  type DeadLetterQueue,
  type DeadLetterSource,
  deadLetterQueues,
  type MoveProgress,
} from '../../shared/operations/deadLetters.ts';
import {
  type CliContext,
  type ConnectionOptions,
  connecting,
  EXIT,
  openClient,
} from '../connect.ts';
import { confirm } from '../terminal/confirm.ts';
import { hanging, oneLine, widthOf } from '../terminal/output.ts';
import { progressLine } from '../terminal/progress.ts';
import { countText, durationText, words } from '../text.ts';

interface RedriveOptions extends ConnectionOptions {
  readonly queue?: readonly DeadLetterSource[];
  readonly yes?: true;
  readonly json?: true;
}

/** A dead-letter queue, and what was seen of its messages. */
interface Seen {
  readonly queue: DeadLetterQueue;
  readonly messages: number;
  readonly examples: readonly DeadLetter[];
}

export function addRedriveCommand(program: Command, context: CliContext): void {
  connecting(program.command('redrive'))
    .description('shows the dead letters and why they are there, and moves them back')
    .option(
      '--queue <queues>',
      `only those of these queues, with commas: ${DEAD_LETTER_SOURCES.join(', ')} (default: all)`,
      readSources,
    )
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one JSON object for each queue')
    .addHelpText(
      'after',
      `
Remove the cause first: what cannot succeed comes back with its new reason. docs/operations.md says
what each queue holds.

Examples:
  batch-handler redrive
  batch-handler redrive --queue batch --yes`,
    )
    .action(async (options: RedriveOptions) => context.end(await run(options, context)));
}

async function run(options: RedriveOptions, context: CliContext): Promise<number> {
  const { stdout, stderr, now } = context;
  const { sqs, handler } = (await openClient(options)).connection;
  // Only now: --help needs no AWS SDK.
  const { depthOf, lookAtDeadLetters, redrive, totalOf } = await import(
    '../../shared/operations/deadLetters.ts'
  );
  const seen: Seen[] = [];
  for (const queue of deadLetterQueues(handler.resources)) {
    if (options.queue && !options.queue.includes(queue.source)) continue;
    const messages = totalOf(await depthOf(sqs, queue.deadLetterUrl));
    const examples = await lookAtDeadLetters(sqs, queue.deadLetterUrl);
    // The count is behind now and then.
    seen.push({ queue, messages: Math.max(messages, examples.length), examples });
  }
  const full = seen.filter(({ messages }) => messages > 0);
  if (!options.json)
    for (const { queue, messages, examples } of full) {
      const lines = deadLetterLines(queue.source, messages, examples, now(), widthOf(stderr));
      stderr.write(`${lines.join('\n')}\n`);
    }
  if (full.length === 0) {
    stderr.write('there are no dead letters\n');
    return EXIT.done;
  }
  const total = full.reduce((sum, { messages }) => sum + messages, 0);
  const question = `Move ${countText(total)} back, to be tried again?`;
  if (!(await confirm(question, options.yes, context))) return EXIT.failed;
  let exitCode: number = EXIT.done;
  for (const { queue, messages, examples } of full) {
    const end = await follow(redrive(sqs, queue, { signal: context.interrupted }), queue, context);
    if (end?.status !== 'completed') exitCode = EXIT.failed;
    if (options.json)
      stdout.write(`${JSON.stringify({ queue: queue.source, messages, examples, ...end })}\n`);
    else stdout.write(`${queue.source}: ${endText(end)}\n`);
  }
  return exitCode;
}

async function follow(
  moves: AsyncIterable<MoveProgress>,
  { source }: DeadLetterQueue,
  { stderr }: CliContext,
): Promise<MoveProgress | undefined> {
  const line = progressLine(stderr);
  let last: MoveProgress | undefined;
  for await (const progress of moves) {
    last = progress;
    const { moved, toMove } = progress;
    const of = toMove === null ? '' : ` of about ${countText(toMove)}`;
    line.show(`${source}: ${countText(moved)}${of} moved`);
  }
  line.clear();
  return last;
}

function endText(end: MoveProgress | undefined): string {
  if (!end) return 'SQS tells nothing of the move';
  const moved = `${countText(end.moved)} moved back`;
  if (end.status === 'completed') return moved;
  return `${end.status} (${end.failure ?? 'SQS tells no reason'}), ${moved}`;
}

function readSources(text: string): readonly DeadLetterSource[] {
  return words(text).map((word) => {
    const source = DEAD_LETTER_SOURCES.find((each) => each === word);
    if (source !== undefined) return source;
    throw new InvalidArgumentError(`${word} is none of ${DEAD_LETTER_SOURCES.join(', ')}.`);
  });
}

const HOLDS: Readonly<Record<DeadLetterSource, string>> = {
  batch: 'refused messages',
  work: 'work that failed: leftovers, since the sweeper sends it again',
  outcome: 'ends of deliveries',
  collector: 'refused single requests',
};

const NO_REASON = 'failed five times: the logs say why';

/** What a dead-letter queue holds, and why: the reasons that were seen, the most frequent first. */
function deadLetterLines(
  source: DeadLetterSource,
  messages: number,
  examples: readonly DeadLetter[],
  now: number,
  width: number,
): readonly string[] {
  const byReason = Map.groupBy(examples, ({ reason }) => reason ?? NO_REASON);
  const reasons = [...byReason].toSorted(([, a], [, b]) => b.length - a.length);
  const oldest = Math.min(...examples.map(({ sentAt }) => sentAt));
  const age = examples.length > 0 ? `, the oldest seen ${durationText(now - oldest)} old` : '';
  const unseen = messages - examples.length;
  return [
    `${source}: ${countText(messages)}${age} (${HOLDS[source]})`,
    ...reasons.flatMap(([reason, those]) => hanging(`  ${those.length}× `, oneLine(reason), width)),
    ...(unseen > 0 ? [`  … and ${countText(unseen)} that were not looked at`] : []),
  ];
}
