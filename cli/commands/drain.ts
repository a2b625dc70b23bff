import type { Command } from 'commander';
import { STATUSES } from '../../shared/batch/status.ts';
import type { HandlerConnection } from '../../shared/client/connection.ts';
import type { Handler } from '../../shared/client/index.ts';
import type { KeptResource, Outstanding } from '../../shared/operations/drain.ts';
import { counted } from '../../shared/terminal.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { confirm } from '../terminal/confirm.ts';
import { showProgress } from '../terminal/progress.ts';
import { countText } from '../text.ts';

interface DrainCommandOptions extends ConnectionOptions {
  readonly yes?: true;
  readonly json?: true;
}

export function defineDrain(command: Command, context: CliContext): void {
  withConnection(command)
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print one JSON document when it is done')
    .addHelpText(
      'after',
      `
Use it before cdk destroy. It cancels the jobs at the providers and collects their rows into the bucket,
without delivering them. It can be interrupted with ^C and run again.

Examples:
  batch-handler drain
  batch-handler drain --yes --json`,
    )
    .action(async (options: DrainCommandOptions) =>
      context.end(await drainHandler(options, context)),
    );
}

async function drainHandler(options: DrainCommandOptions, context: CliContext): Promise<number> {
  const { stdout, stderr, interrupted, hint } = context;
  const { connection } = await openClient(options);
  const { handler } = connection;
  // Imported here, so that --help loads no AWS SDK.
  const { drain, outstandingOf } = await import('../../shared/operations/drain.ts');
  const before = await outstandingOf(connection, async () => {});
  stderr.write(`${handler.path} in stack ${handler.stack}: ${outstandingText(before)}\n`);
  const question = `Pause ${handler.providers.join(', ')} and cancel ${counted(before.open, 'open batch', 'open batches')}?`;
  if (!(await confirm(question, options.yes, context))) return EXIT.failed;
  try {
    const progress = drain(connection, { signal: interrupted });
    const end = await showProgress(progress, stderr, outstandingText);
    const kept = await readKept(connection);
    if (options.json) {
      stdout.write(hint(`${JSON.stringify({ cancelled: end?.cancelled ?? 0, ...kept })}\n`));
      return EXIT.done;
    }
    stdout.write(
      `nothing is outstanding: ${counted(end?.cancelled ?? 0, 'batch', 'batches')} cancelled\n`,
    );
    stdout.write(hint(`${keptLines(handler, kept).join('\n')}\n`));
    return EXIT.done;
  } catch (error) {
    if (interrupted.aborted) stderr.write(hint('interrupted: to continue, batch-handler drain\n'));
    throw error;
  }
}

/** What the removal of the stack keeps, and the dead letters that it deletes. */
async function readKept(connection: HandlerConnection) {
  const { countDeadLetters, keptResources } = await import('../../shared/operations/drain.ts');
  return {
    kept: await keptResources(connection.access, connection.handler.stack),
    deadLetters: await countDeadLetters(connection),
  };
}

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
  if (parts.length === 0) return 'nothing is outstanding';
  const named = open > 0 && open <= examples.length ? `: ${examples.join(', ')}` : '';
  return parts.join(', ') + named;
}

/** How to remove the stack, and what that keeps and deletes. */
function keptLines(
  { stack, path, providers }: Pick<Handler, 'stack' | 'path' | 'providers'>,
  { kept, deadLetters }: { readonly kept: readonly KeptResource[]; readonly deadLetters: number },
): readonly string[] {
  const deleted =
    deadLetters > 0
      ? [
          `${counted(deadLetters, 'dead letter')} will be deleted with it (batch-handler redrive shows them)`,
        ]
      : [];
  const remains =
    kept.length === 0
      ? ['nothing remains: table, bucket, secrets and logs are deleted with it']
      : ['these resources remain; to delete them and their data for good:'];
  return [
    `cdk destroy can remove stack ${stack} now (or remove ${path} from its app and deploy)`,
    ...deleted,
    ...remains,
    ...kept.map(({ command }) => `  ${command}`),
    `to keep the stack instead: ${providers.map((name) => `batch-handler resume ${name}`).join('; ')}`,
  ];
}
