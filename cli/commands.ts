import type { CommandEntry, Define } from './context.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'add',
    description: 'upload files of requests and add a batch for each',
    load: async () => (await import('./commands/add.ts')).defineAdd,
  },
  {
    name: 'list',
    description: 'list batches, newest first',
    load: async () => (await import('./commands/list.ts')).defineList,
  },
  {
    name: 'show',
    description: 'show everything that is known about a batch',
    load: async () => (await import('./commands/show.ts')).defineShow,
  },
  {
    name: 'watch',
    description: 'show batches until they have ended',
    load: async () => (await import('./commands/watch.ts')).defineWatch,
  },
  {
    name: 'results',
    description: 'write the rows of a batch as JSON lines, in the order of its input',
    load: async () => (await import('./commands/results.ts')).defineResults,
  },
  {
    name: 'cancel',
    description: 'cancel batches and keep the rows that they have',
    load: () => loadBatchCommand('cancel'),
  },
  {
    name: 'retry',
    description: 'run the unsuccessful requests of ended batches again',
    load: () => loadBatchCommand('retry'),
  },
  {
    name: 'redeliver',
    description: 'deliver ended batches to the processor again',
    load: () => loadBatchCommand('redeliver'),
  },
  {
    name: 'estimate',
    description:
      'estimate the jobs, tokens and cost of a file, and show what would be refused; adds nothing',
    load: async () => (await import('./commands/estimate.ts')).defineEstimate,
  },
  {
    name: 'doctor',
    description: 'check a handler from end to end and explain how to fix what is wrong',
    load: async () => (await import('./commands/doctor.ts')).defineDoctor,
  },
  {
    name: 'providers',
    description: 'show the jobs, the queue, the limits and the spending of each provider entry',
    load: async () => (await import('./commands/providers.ts')).defineProviders,
  },
  {
    name: 'key',
    description: 'store the key of a provider in its secret and resume the provider',
    load: async () => (await import('./commands/key.ts')).defineKey,
  },
  {
    name: 'keys',
    description: 'make, list and revoke the keys of the HTTP API',
    load: async () => (await import('./commands/keys.ts')).defineKeys,
  },
  {
    name: 'pause',
    description: 'start no new jobs at a provider until it is resumed; running jobs continue',
    load: async () => (await import('./commands/pause.ts')).definePause,
  },
  {
    name: 'resume',
    description:
      'resume a provider that is paused, or that is blocked or cooling down after a refusal',
    load: async () => (await import('./commands/pause.ts')).defineResume,
  },
  {
    name: 'redrive',
    description: 'show the dead letters with their reasons and move them back to their queues',
    load: async () => (await import('./commands/redrive.ts')).defineRedrive,
  },
  {
    name: 'remove',
    description: 'remove a batch whose record cannot be read; its job may run on at the provider',
    load: async () => (await import('./commands/remove.ts')).defineRemove,
  },
  {
    name: 'drain',
    description:
      'pause all providers, cancel all open batches and wait until nothing is outstanding',
    load: async () => (await import('./commands/drain.ts')).defineDrain,
  },
  {
    name: 'serve',
    description: "serve OpenAI's Batch API on this machine, for any client of OpenAI",
    load: async () => (await import('./commands/serve.ts')).defineServe,
  },
  {
    name: 'completion',
    description: 'print a script that completes commands and options in bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionOf(COMMANDS),
  },
  {
    name: 'local',
    description: 'run a synthesized stack on this machine; see its --help',
    load: async () => (await import('./commands/local.ts')).defineLocal,
  },
];

async function loadBatchCommand(action: 'cancel' | 'retry' | 'redeliver'): Promise<Define> {
  const { defineBatchCommand } = await import('./commands/batchCommands.ts');
  return (command, context) => defineBatchCommand(action, command, context);
}
