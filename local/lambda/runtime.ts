import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contextOf } from './context.ts';
import type { EnvironmentMessage, FunctionError, InvokeMessage } from './protocol.ts';
import { loadModule } from './taskModules.ts';

/** An execution environment: loads a function's handler and runs one invocation after another. */

// ^C is for the local run, which ends its environments itself.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(0));

const handler = await loadHandler();
process.on('message', async (message: InvokeMessage) => {
  send(await invoke(message));
});
send({ type: 'ready' });

async function invoke(message: InvokeMessage): Promise<EnvironmentMessage> {
  try {
    const result = await handler(JSON.parse(message.payload), contextOf(message, process.env));
    return { type: 'succeeded', payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    const failure = functionErrorOf(error);
    process.stderr.write(
      `ERROR ${message.requestId} ${failure.trace?.join('\n') ?? failure.errorMessage}\n`,
    );
    return { type: 'failed', error: failure };
  }
}

type Handler = (event: unknown, context: object) => unknown;
type Handlers = { readonly [name: string]: unknown };

async function loadHandler(): Promise<Handler> {
  // "index.handler" is the export `handler` of index.mjs; a bundle is one or the other.
  const { LAMBDA_TASK_ROOT: root = '', _HANDLER: name = '' } = process.env;
  const [file = '', exportName = ''] = name.split('.');
  const path = ['.mjs', '.js', '.cjs'].map((end) => join(root, file + end)).find(existsSync);
  if (path === undefined) throw new Error(`there is no ${file}.mjs, .js or .cjs in ${root}`);
  const module = await loadModule(root, path);
  const found = module[exportName] ?? (module.default as Handlers | undefined)?.[exportName];
  if (typeof found === 'function') return found as Handler;
  throw new Error(`${path} exports no function ${exportName}`);
}

function functionErrorOf(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  };
}

function send(message: EnvironmentMessage): void {
  process.send?.(message);
}
