import type { Command } from 'commander';
import { type CliContext, type ConnectionOptions, connecting, openClient } from '../connect.ts';

interface PauseOptions extends ConnectionOptions {
  readonly reason?: string;
  readonly json?: true;
}

const DONE = {
  pause: 'is paused: nothing new starts there, what runs goes on',
  resume: 'goes on: the next sweep starts what there is room for',
} as const;

export function addPauseCommand(program: Command, context: CliContext): void {
  connecting(program.command('pause'))
    .description('starts nothing new at a provider until resume; running jobs go on')
    .argument('<provider>', 'an entry of the deployment')
    .option('--reason <text>', 'for whoever finds it so')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler pause openai --reason 'incident at OpenAI'`,
    )
    .action((provider: string, options: PauseOptions) =>
      command('pause', provider, options, context),
    );
}

export function addResumeCommand(program: Command, context: CliContext): void {
  connecting(program.command('resume'))
    .description('lets a paused provider go on, and one that was held after a refusal')
    .argument('<provider>', 'an entry of the deployment')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler resume openai       # also after filling in its secret`,
    )
    .action((provider: string, options: PauseOptions) =>
      command('resume', provider, options, context),
    );
}

async function command(
  action: 'pause' | 'resume',
  provider: string,
  options: PauseOptions,
  { stdout, interrupted }: CliContext,
): Promise<void> {
  const client = await openClient(options);
  const { reason } = options;
  await client[`${action}Provider`](provider, { reason, signal: interrupted });
  const text = options.json
    ? JSON.stringify({ action, provider, reason })
    : `${provider} ${DONE[action]}`;
  stdout.write(`${text}\n`);
}
