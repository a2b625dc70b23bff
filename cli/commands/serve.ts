import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { type ConnectionOptions, noteIfStopped, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';

interface ServeCommandOptions extends ConnectionOptions {
  readonly port: number;
  readonly readOnly?: true;
}

const DEFAULT_PORT = 4100;

/** The variable that clients of OpenAI read their key from cannot be ours: it holds OpenAI's. */
const KEY_VARIABLE = 'BATCH_HANDLER_API_KEY';

export function defineServe(command: Command, context: CliContext): void {
  withConnection(command)
    .option('--port <port>', 'port on 127.0.0.1; 0 is a free one', readPort, DEFAULT_PORT)
    .option('--read-only', 'refuse everything that changes something')
    .addHelpText(
      'after',
      `
Serves the console, a page for your browser, and OpenAI's Files, Uploads, Batches and Models API on
127.0.0.1, until ^C. It works with your own AWS credentials. The address of the console is printed: it
lets in whoever has it. The API takes the keys of batch-handler keys, and one key of its own, which may
do everything: ${KEY_VARIABLE}, or a fresh one that is printed.

Examples:
  batch-handler serve --stack BatchHandler
  batch-handler serve --read-only
  ${KEY_VARIABLE}=my-key batch-handler serve --local --port 8080`,
    )
    .action(async (options: ServeCommandOptions) => context.end(await serve(options, context)));
}

async function serve(options: ServeCommandOptions, context: CliContext): Promise<number> {
  const { stdout, stderr, interrupted, hint } = context;
  const client = await openClient(options);
  const given = process.env[KEY_VARIABLE];
  // Imported here, because it loads the application and its server.
  const [{ lineLog, newToken, serveHandler }, { readPorts }, { explain }] = await Promise.all([
    import('../../shared/operations/serve.ts'),
    import('../../shared/client/index.ts'),
    import('../explain.ts'),
  ]);
  const ports = options.runtime === undefined ? undefined : await readPorts(options.runtime);
  const { port, readOnly: isReadOnly = false } = options;
  const log = lineLog((line) => stderr.write(line), context.now);
  const operatorKey = given || newToken();
  const server = await serveHandler(client, {
    ...{ port, ports, operatorKey, log, isReadOnly, hint },
    consoleToken: newToken(),
    explain: (error) => explain(error).line,
  });
  await noteIfStopped(client, context);
  stderr.write(`serving ${client.handler.name} until ^C. Open the console in your browser:\n`);
  stderr.write(`${server.consoleUrl}\nFor clients of OpenAI's API:\n`);
  // What was given is not shown: it may be in use elsewhere. Both lines are written at once: a program that
  // reads the first, and no more, must not end the server.
  const key = given ? `"$${KEY_VARIABLE}"` : operatorKey;
  stdout.write(`export OPENAI_BASE_URL=${server.url}/v1\nexport OPENAI_API_KEY=${key}\n`);
  if (!interrupted.aborted) await once(interrupted, 'abort');
  stderr.write('stopping: requests that are being answered have 10 seconds\n');
  await server.close();
  return EXIT.done;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return port;
}
