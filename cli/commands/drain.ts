import type { Command } from 'commander';
import { STATUSES } from '../../shared/batch/status.ts';
import type { HandlerConnection } from '../../shared/client/connection.ts';
import type { Handler } from '../../shared/client/index.ts';
import type { DrainProgress, KeptResource, Outstanding } from '../../shared/operations/drain.ts';
import {
  type CliContext,
  type ConnectionOptions,
  connecting,
  EXIT,
  openClient,
} from '../connect.ts';
import { confirm } from '../terminal/confirm.ts';
import type { Output } from '../terminal/output.ts';
import { progressLine } from '../terminal/progress.ts';
import { countText } from '../text.ts';

interface DrainCommandOptions extends ConnectionOptions {
  readonly yes?: true;
  readonly json?: true;
}

export function addDrainCommand(program: Command, context: CliContext): void {
  connecting(program.command('drain'))
    .description('pauses all providers, cancels what is open and waits until nothing is')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one JSON document when it is done')
    .addHelpText(
      'after',
      `
For before cdk destroy. Jobs are cancelled at the providers, and what they have done is collected into
the bucket, not delivered. It can be broken off with ^C and run again.

Examples:
  batch-handler drain
  batch-handler drain --yes --json`,
    )
    .action(async (options: DrainCommandOptions) => context.end(await run(options, context)));
}

async function run(options: DrainCommandOptions, context: CliContext): Promise<number> {
  const { stdout, stderr, interrupted } = context;
  const { connection } = await openClient(options);
  const { handler } = connection;
  // Only now: --help needs no AWS SDK.
  const { drain, outstandingOf } = await import('../../shared/operations/drain.ts');
  const before = await outstandingOf(connection, async () => {});
  stderr.write(`${handler.path} in stack ${handler.stack}: ${outstandingText(before)}\n`);
  const question = `Pause ${handler.providers.join(', ')} and cancel ${countText(before.open)} open?`;
  if (!(await confirm(question, options.yes, context))) return EXIT.failed;
  try {
    const end = await follow(drain(connection, { signal: interrupted }), stderr);
    const kept = await readKept(connection);
    if (options.json) {
      stdout.write(`${JSON.stringify({ cancelled: end?.cancelled ?? 0, ...kept })}\n`);
      return EXIT.done;
    }
    stdout.write(`nothing is open: ${countText(end?.cancelled ?? 0)} cancelled\n`);
    stdout.write(`${keptLines(handler, kept).join('\n')}\n`);
    return EXIT.done;
  } catch (error) {
    if (interrupted.aborted) stderr.write('broken off: run it again to go on\n');
    throw error;
  }
}

async function follow(
  looks: AsyncIterable<DrainProgress>,
  stderr: Output,
): Promise<DrainProgress | undefined> {
  const line = progressLine(stderr);
  let last: DrainProgress | undefined;
  try {
    for await (const progress of looks) {
      last = progress;
      line.show(outstandingText(progress));
    }
  } finally {
    line.clear();
  }
  return last;
}

/** What the removal of the stack leaves, and what goes with it. */
async function readKept({ handler, access, sqs }: HandlerConnection) {
  const { deadLettersIn, keptResources } = await import('../../shared/operations/drain.ts');
  return {
    kept: await keptResources(access, handler.stack),
    deadLetters: await deadLettersIn(sqs, handler.resources),
  };
}

/** What a handler has still to do, in one line. */
function outstandingText(outstanding: Outstanding): string {
  const { open, cancelling, byStatus, owing, gathering, messages, unreadable, examples } =
    outstanding;
  const statuses = STATUSES.flatMap((status) => {
    const count = byStatus[status];
    return count === undefined ? [] : [`${countText(count)} ${status}`];
  });
  const parts = [
    open > 0 ? `${countText(open)} open (${statuses.join(', ')})` : '',
    cancelling > 0 ? `${countText(cancelling)} asked to end` : '',
    owing > 0 ? `${countText(owing)} owe an event or the deletion of files` : '',
    gathering > 0 ? `${countText(gathering)} gather single requests` : '',
    messages > 0 ? `${countText(messages)} messages in the queues` : '',
    unreadable > 0 ? `${countText(unreadable)} cannot be read` : '',
  ].filter((part) => part !== '');
  if (parts.length === 0) return 'nothing is open';
  const named = open > 0 && open <= examples.length ? `: ${examples.join(', ')}` : '';
  return parts.join(', ') + named;
}

/** What the removal of the stack leaves, and what goes with it. */
function keptLines(
  { stack, path, providers }: Pick<Handler, 'stack' | 'path' | 'providers'>,
  { kept, deadLetters }: { readonly kept: readonly KeptResource[]; readonly deadLetters: number },
): readonly string[] {
  const lost =
    deadLetters > 0
      ? [`${countText(deadLetters)} dead letters go with it (batch-handler redrive shows them)`]
      : [];
  const stays =
    kept.length === 0
      ? ['it keeps nothing: table, bucket, secrets and logs are deleted with it']
      : ['it keeps what follows; to delete that too, and for good:'];
  return [
    `cdk destroy can remove stack ${stack} now (or take ${path} out of its app and deploy)`,
    ...lost,
    ...stays,
    ...kept.map(({ command }) => `  ${command}`),
    `to go on instead: ${providers.map((name) => `batch-handler resume ${name}`).join('; ')}`,
  ];
}
