import type { Command } from 'commander';
import { STATUSES } from '../../shared/batch/status.ts';
import type { AwsHandler, HandlerConnection } from '../../shared/client/connection.ts';
import type { Outstanding } from '../../shared/operations/drain.ts';
import type { RemovalFacts } from '../../shared/operations/removal.ts';
import { counted, durationText } from '../../shared/terminal.ts';
import { openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { type WaitingOptions, withTimeout } from '../options.ts';
import { confirm } from '../terminal/confirm.ts';
import { showProgress } from '../terminal/progress.ts';
import { countText } from '../text.ts';

interface DrainCommandOptions extends WaitingOptions {
  readonly yes?: true;
}

export function defineDrain(command: Command, context: CliContext): void {
  withTimeout(withConnection(command))
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print one JSON document when it is done')
    .addHelpText(
      'after',
      `
Use it before cdk destroy. It cancels the jobs at the providers and collects their rows into the bucket,
without delivering them. It can be interrupted with ^C and run again. Exits with 1 if work is outstanding
after --timeout: a provider may take hours to cancel a job.

Examples:
  batch-handler drain
  batch-handler drain --yes --timeout 2h --json`,
    )
    .action(async (options: DrainCommandOptions) =>
      context.end(await drainHandler(options, context)),
    );
}

async function drainHandler(options: DrainCommandOptions, context: CliContext): Promise<number> {
  const { stdout, stderr, interrupted, hint } = context;
  const { connection } = await openClient(options);
  const { handler, aws } = connection;
  // Imported here, so that --help loads no AWS SDK.
  const { drain, outstandingOf } = await import('../../shared/operations/drain.ts');
  const before = await outstandingOf(connection, async () => {});
  const place = aws ? `${aws.path} in stack ${aws.stack}` : `the handler in ${handler.name}`;
  stderr.write(`${place}: ${outstandingText(before)}\n`);
  const question = `Pause ${handler.providers.join(', ')} and cancel ${counted(before.open, 'open batch', 'open batches')}?`;
  if (!(await confirm(question, options.yes, context))) return EXIT.failed;
  try {
    const timeoutMs = options.timeout && options.timeout * 1000;
    const progress = drain(connection, { signal: interrupted, timeoutMs });
    const end = await showProgress(progress, stderr, newsSince(before));
    if (end?.isOver !== true) {
      if (options.json) stdout.write(`${JSON.stringify({ isOver: false, ...end })}\n`);
      stderr.write(hint(`${unfinishedLines(end, options.timeout).join('\n')}\n`));
      return EXIT.failed;
    }
    const kept = await readKept(connection);
    if (options.json) {
      stdout.write(hint(`${JSON.stringify({ cancelled: end?.cancelled ?? 0, ...kept })}\n`));
      return EXIT.done;
    }
    stdout.write(`${NOTHING}: ${counted(end?.cancelled ?? 0, 'batch', 'batches')} cancelled\n`);
    const lines = aws ? keptLines(aws, kept) : directoryLines(handler.name, kept);
    const toKeep = handler.providers.map((name) => `batch-handler resume ${name}`).join('; ');
    stdout.write(hint(`${[...lines, `to keep it instead: ${toKeep}`].join('\n')}\n`));
    return EXIT.done;
  } catch (error) {
    if (interrupted.aborted) stderr.write(hint('interrupted: to continue, batch-handler drain\n'));
    throw error;
  }
}

interface Removal extends RemovalFacts {
  /** Messages that are deleted with the stack. */
  readonly deadLetters: number;
}

/** What is left when the time is over, and what that means. */
function unfinishedLines(
  last: Outstanding | undefined,
  timeout: number | undefined,
): readonly string[] {
  const waited = timeout === undefined ? '' : ` after ${durationText(timeout * 1000)}`;
  return [
    `still outstanding${waited}: ${last ? outstandingText(last) : 'unknown'}`,
    'jobs that a provider has not cancelled run on and are charged; to continue: batch-handler drain',
  ];
}

/** What the removal of the stack keeps, and the dead letters that it deletes. */
async function readKept(connection: HandlerConnection): Promise<Removal> {
  const { countDeadLetters } = await import('../../shared/operations/drain.ts');
  const { aws } = connection;
  const deadLetters = await countDeadLetters(connection);
  if (aws === undefined) return { kept: [], toEmpty: [], deadLetters };
  const { removalFacts } = await import('../../shared/operations/removal.ts');
  return { ...(await removalFacts(aws.access, aws.stack)), deadLetters };
}

/** Tells of progress once there is some, and leaves the end to the result. */
function newsSince(before: Outstanding): (now: Outstanding) => string | undefined {
  let isNews = false;
  return (now) => {
    const text = outstandingText(now);
    isNews ||= text !== outstandingText(before);
    return isNews && text !== NOTHING ? text : undefined;
  };
}

const NOTHING = 'nothing is outstanding';

/** The outstanding work in one line. */
function outstandingText(outstanding: Outstanding): string {
  const { open, cancelling, byStatus, pending, collecting, messages, unreadable, examples } =
    outstanding;
  const statuses = STATUSES.flatMap((status) => {
    const count = byStatus[status];
    return count === undefined ? [] : [`${countText(count)} ${status}`];
  });
  const parts = [
    open > 0 ? `${countText(open)} open (${statuses.join(', ')})` : '',
    cancelling > 0 ? `${countText(cancelling)} being cancelled` : '',
    pending > 0 ? `${countText(pending)} with a pending event or deletion of files` : '',
    collecting > 0 ? `${counted(collecting, 'group')} of single requests` : '',
    messages > 0 ? `${counted(messages, 'message')} in the queues` : '',
    unreadable > 0 ? `${counted(unreadable, 'record')} that cannot be read` : '',
  ].filter((part) => part !== '');
  if (parts.length === 0) return NOTHING;
  const named = open > 0 && open <= examples.length ? `: ${examples.join(', ')}` : '';
  return parts.join(', ') + named;
}

function deadLetterLines(count: number): readonly string[] {
  if (count === 0) return [];
  return [
    `${counted(count, 'dead letter')} will be deleted with it (batch-handler redrive shows them)`,
  ];
}

/** How to remove an in-process handler. */
function directoryLines(directory: string, { deadLetters }: Removal): readonly string[] {
  return [
    `delete ${directory} to remove the handler with its records and rows, once its program has stopped`,
    ...deadLetterLines(deadLetters),
  ];
}

/** How to remove the stack, and what that keeps and deletes. */
function keptLines(
  { stack, path }: Pick<AwsHandler, 'stack' | 'path'>,
  { kept, toEmpty, deadLetters }: Removal,
): readonly string[] {
  const remains =
    kept.length === 0
      ? ['nothing remains: table, bucket, secrets and logs are deleted with it']
      : ['these resources remain; to delete them and their data for good:'];
  const full =
    toEmpty.length > 0
      ? [
          'but CloudFormation does not delete a bucket that holds files; to delete these for good, before:',
          ...toEmpty.map(({ command }) => `  ${command}`),
        ]
      : [];
  return [
    `cdk destroy can remove stack ${stack} now (or remove ${path} from its app and deploy)`,
    ...full,
    ...deadLetterLines(deadLetters),
    ...remains,
    ...kept.map(({ command }) => `  ${command}`),
  ];
}
