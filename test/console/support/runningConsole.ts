import { createDirectoryClient } from '../../../inProcess/index.ts';
import type { DirectoryClient } from '../../../inProcess/openDirectory.ts';
import { type Runs, startRuns } from '../../inProcess/runs.ts';
import { type ConsoleServer, serveConsole } from './consoleServer.ts';

export interface RunningConsole extends ConsoleServer {
  readonly runs: Runs;
}

/** The console of a handler that runs in this process, with a simulator of OpenAI. */
export async function startRunningConsole(
  seed: (client: DirectoryClient) => Promise<void> = async () => {},
): Promise<RunningConsole> {
  const runs = await startRuns();
  const handler = runs.handler();
  const client = createDirectoryClient(runs.directory);
  await seed(client);
  const running = handler.run();
  const served = await serveConsole(client);
  return {
    ...{ ...served, runs, client },
    async stop() {
      await served.stopServer();
      await handler.stop();
      await running;
      client.close();
      await runs.stop();
    },
  };
}
