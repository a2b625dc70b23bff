import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBatchHandler } from '../../../inProcess/createBatchHandler.ts';
import { createDirectoryClient, type DirectoryClient } from '../../../inProcess/openDirectory.ts';
import type { BatchHandlerClient } from '../../../shared/client/client.ts';
import { type HandlerServer, serveHandler } from '../../../shared/operations/serve.ts';
import { seedHandler } from './seed.ts';

/** A console that is served. */
interface ServedConsole {
  /** Without the token. */
  readonly url: string;
  /** With the token: lets a browser in. */
  readonly consoleUrl: string;
  /** What the server has logged. */
  readonly logged: readonly string[];
  /** Stops the server and keeps the handler. */
  stopServer(): Promise<void>;
}

export interface ConsoleServer extends ServedConsole {
  readonly client: DirectoryClient;
  stop(): Promise<void>;
}

interface ConsoleServerOptions {
  /** Fills the handler. Default: a handler with something of everything. */
  readonly seed?: (client: DirectoryClient) => Promise<void>;
  readonly isReadOnly?: boolean;
  /** What takes the place of the client's methods. Default: nothing. */
  readonly replaced?: (client: DirectoryClient) => Partial<DirectoryClient>;
}

interface ServedOptions extends Pick<ConsoleServerOptions, 'isReadOnly'> {
  /** Default: a free one. */
  readonly port?: number;
  readonly token?: string;
}

/** The entries of the handler: `openai` is the default. */
export const PROVIDERS = {
  openai: { kind: 'openai', apiKey: 'sk-test', dailyBudget: 50, prices: 'builtin' },
  claude: { kind: 'anthropic', apiKey: 'sk-ant-test', prices: 'builtin' },
  gemini: { kind: 'gemini', apiKey: 'AIza-test', prices: 'builtin' },
} as const;

/**
 * The console of a handler in a directory, which nothing runs: what is in it stays as it was put there.
 */
export async function startConsole({
  seed = seedHandler,
  isReadOnly = false,
  replaced = () => ({}),
}: ConsoleServerOptions = {}): Promise<ConsoleServer> {
  const directory = mkdtempSync(join(tmpdir(), 'console-'));
  // It writes the description of the handler.
  await createBatchHandler({ directory, providers: PROVIDERS, process: async () => {} }).close();
  const client = createDirectoryClient(directory);
  await seed(client);
  const served = await serveConsole({ ...client, ...replaced(client) }, { isReadOnly });
  return {
    ...{ ...served, client },
    async stop() {
      await served.stopServer();
      client.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Serves the console of a handler, whatever it is and whoever runs it. */
export async function serveConsole(
  client: BatchHandlerClient,
  { isReadOnly = false, port = 0, token = 'token-of-the-console' }: ServedOptions = {},
): Promise<ServedConsole> {
  const logged: string[] = [];
  const note = (message: string, fields: object = {}) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const server: HandlerServer = await serveHandler(client, {
    ...{ port, operatorKey: 'key-of-the-operator', consoleToken: token },
    ...{ isReadOnly, hint: (text: string) => text, explain: (error: unknown) => String(error) },
    log: { info: note, warn: note, error: note },
  });
  let isServing = true;
  return {
    ...{ url: server.url, consoleUrl: server.consoleUrl, logged },
    async stopServer() {
      if (isServing) await server.close();
      isServing = false;
    },
  };
}
