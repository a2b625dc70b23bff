import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import type { CliContext } from '../context.ts';

interface PauseOptions extends ConnectionOptions {
  readonly reason?: string;
  readonly json?: true;
}

const DONE = {
  pause: 'is paused: no new jobs start, running jobs continue',
  resume: 'is resumed: the next sweep starts queued batches',
} as const;

export function definePause(command: Command, context: CliContext): void {
  withConnection(command)
    .argument('<provider>', 'provider entry of the deployment')
    .option('--reason <text>', 'shown to anyone who finds the provider paused')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler pause openai --reason 'incident at OpenAI'`,
    )
    .action((provider: string, options: PauseOptions) =>
      sendProviderCommand('pause', provider, options, context),
    );
}

export function defineResume(command: Command, context: CliContext): void {
  withConnection(command)
    .argument('<provider>', 'provider entry of the deployment')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler resume openai       # for example, after filling in its secret`,
    )
    .action((provider: string, options: PauseOptions) =>
      sendProviderCommand('resume', provider, options, context),
    );
}

async function sendProviderCommand(
  action: 'pause' | 'resume',
  provider: string,
  options: PauseOptions,
  { stdout, interrupted }: CliContext,
): Promise<void> {
  const client = await openClient(options);
  const { reason } = options;
  await client[`${action}Provider`](provider, { reason, by: userName(), signal: interrupted });
  const text = options.json
    ? JSON.stringify({ action, provider, reason })
    : `${provider} ${DONE[action]}`;
  stdout.write(`${text}\n`);
}

/** Whoever runs the command on this machine; undefined where the user has no name, as in a container. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
