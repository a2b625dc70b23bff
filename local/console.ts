import { appendFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { explain } from '../cli/explain.ts';
import { pasteable } from '../cli/hints.ts';
import { messageOf } from '../shared/batch/errors.ts';
import { ClientError } from '../shared/client/clientError.ts';
import { createClient } from '../shared/client/createClient.ts';
import { LOG_DIRECTORY, localStack } from '../shared/client/localStack.ts';
import { readPorts } from '../shared/client/readPorts.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { type HandlerServer, lineLog, newToken, serveHandler } from '../shared/operations/serve.ts';
import { programName } from './nextSteps.ts';

/** The port that `batch-handler serve` has, too. */
const USUAL_PORT = 4100;

interface ConsoleOptions {
  /** The directory of the running stack. */
  readonly dataDirectory: string;
  /** The module that exports the ports that the stack has replaced. */
  readonly runtime: string | undefined;
  note(text: string): void;
}

/**
 * Serves the console of the running stack.
 *
 * @returns undefined if the stack has several handlers: each has its own, by `batch-handler serve`
 */
export async function serveConsole({
  dataDirectory,
  runtime,
  note,
}: ConsoleOptions): Promise<HandlerServer | undefined> {
  try {
    const at = omitUndefined({ local: relative(process.cwd(), dataDirectory), runtime });
    const ports = runtime === undefined ? undefined : await readPorts(runtime);
    const client = await createClient({ ...(await localStack(dataDirectory)), ports });
    const logFile = join(dataDirectory, LOG_DIRECTORY, 'console.log');
    const serve = (port: number) =>
      serveHandler(client, {
        ...{ port, ports, isReadOnly: false, explain: (error: unknown) => explain(error).line },
        ...{ operatorKey: newToken(), consoleToken: newToken() },
        hint: (text) => pasteable(text, programName(), at),
        log: lineLog((line) => appendFileSync(logFile, line), Date.now),
      });
    // Another stack may be kept running beside this one.
    return await serve(USUAL_PORT).catch((error: unknown) => {
      if (error instanceof ClientError && error.code === 'invalid_input') return serve(0);
      throw error;
    });
  } catch (error) {
    note(`there is no console: ${messageOf(error)}`);
    return undefined;
  }
}
