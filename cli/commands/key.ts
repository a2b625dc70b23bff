import type { Command } from 'commander';
import { ClientError } from '../../shared/client/clientError.ts';
import { type ConnectionOptions, openClient, withAwsOnly, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';

interface KeyOptions extends ConnectionOptions {
  readonly json?: true;
}

/** Secrets Manager takes 64 KiB. */
const MAX_BYTES = 64 * 1024;

export function defineKey(command: Command, context: CliContext): void {
  withAwsOnly(
    withConnection(command),
    'the program of the directory gives the keys to createBatchHandler',
  )
    .argument('<provider>', 'provider entry of the deployment')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Asks for the key without showing it, or reads it from stdin. The key is not an argument, because other
users of the machine see those, and the shell keeps them.

Examples:
  batch-handler key openai
  batch-handler key openai < key.txt
  batch-handler key vertex < service-account.json`,
    )
    .action(async (entry: string, options: KeyOptions) =>
      context.end(await putProviderKey(entry, options, context)),
    );
}

async function putProviderKey(
  entry: string,
  options: KeyOptions,
  context: CliContext,
): Promise<number> {
  const { stdout, hint, interrupted: signal } = context;
  const client = await openClient(options);
  // Imported here, because it loads the adapters of the providers.
  const { isPausedEntry, putKey, secretIdOf } = await import('../../shared/operations/key.ts');
  const secret = await secretIdOf(client.connection, entry);
  await putKey(client.connection, entry, secret, await readKey(entry, context));
  const isPaused = await isPausedEntry(client.connection, entry);
  if (!isPaused) await client.resumeProvider(entry, { signal });
  const text = options.json
    ? JSON.stringify({ provider: entry, secret, resumed: !isPaused })
    : hint(
        isPaused
          ? `the key of ${entry} is stored; ${entry} stays paused until batch-handler resume ${entry}`
          : `the key of ${entry} is stored, and ${entry} is resumed: the next sweep starts queued batches`,
      );
  stdout.write(`${text}\n`);
  return EXIT.done;
}

async function readKey(
  entry: string,
  { askSecret, stdin }: Pick<CliContext, 'askSecret' | 'stdin'>,
): Promise<string> {
  const key = askSecret ? await askSecret(`Key of ${entry} (not shown): `) : await readAll(stdin);
  if (key.trim() === '')
    throw new ClientError('invalid_input', 'the key is empty: nothing was stored');
  return key;
}

async function readAll(stdin: CliContext['stdin']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES)
      throw new ClientError('invalid_input', `a key has at most ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
