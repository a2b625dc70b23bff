import type { Command } from 'commander';
import { type ConnectionOptions, openClient, withAwsOnly, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';

interface KeyOptions extends ConnectionOptions {
  readonly json?: true;
}

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
  const { MAX_KEY_BYTES, putKey, resumeWithNewKey, secretIdOf } = await import(
    '../../shared/operations/key.ts'
  );
  const secret = await secretIdOf(client.connection, entry);
  await putKey(client.connection, entry, secret, await readKey(entry, MAX_KEY_BYTES, context));
  const isResumed = await resumeWithNewKey(client, entry, { signal });
  const text = options.json
    ? JSON.stringify({ provider: entry, secret, resumed: isResumed })
    : hint(
        isResumed
          ? `the key of ${entry} is stored, and ${entry} is resumed: the next sweep starts queued batches`
          : `the key of ${entry} is stored; ${entry} stays paused until batch-handler resume ${entry}`,
      );
  stdout.write(`${text}\n`);
  return EXIT.done;
}

async function readKey(
  entry: string,
  maxBytes: number,
  { askSecret, stdin }: Pick<CliContext, 'askSecret' | 'stdin'>,
): Promise<string> {
  if (askSecret) return askSecret(`Key of ${entry} (not shown): `);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    // What is longer is refused by its first bytes.
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
