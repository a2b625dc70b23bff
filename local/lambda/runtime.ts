import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire, findPackageJSON, flushCompileCache, registerHooks } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { EnvironmentMessage, FunctionError, InvokeMessage } from './protocol.ts';

/** Runs in an execution environment: loads a function's handler, then runs one invocation at a time. */

// Ignores ^C, because the local run ends its environments itself.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(0));

const handler = await loadHandler();
process.on('message', async (message: InvokeMessage) => {
  send(await invoke(message));
  // Written now, because a kill ends this process: the next one of the function starts faster.
  flushCompileCache();
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
  // "index.handler" means the export `handler` of index.mjs, index.js or index.cjs.
  const { LAMBDA_TASK_ROOT: root = '', _HANDLER: name = '' } = process.env;
  const [file = '', exportName = ''] = name.split('.');
  const path = ['.mjs', '.js', '.cjs'].map((end) => join(root, file + end)).find(existsSync);
  if (path === undefined)
    throw new Error(`${root} contains no ${file}.mjs, ${file}.js or ${file}.cjs`);
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

/**
 * Loads a module of a function as Lambda does. There a `.js` file is CommonJS unless a package.json
 * in the code says otherwise. Here the code is within a project, whose package.json must not count.
 *
 * @param root the directory of the function's code
 */
export async function loadModule(
  root: string,
  file: string,
): Promise<{ readonly [name: string]: unknown }> {
  const directory = realpathSync(root) + sep;
  const base = pathToFileURL(directory).href;
  const isCommonJs = (url: string): boolean =>
    url.startsWith(base) && url.endsWith('.js') && !findPackageJSON(url)?.startsWith(directory);
  registerHooks({
    load(url, context, nextLoad) {
      if (!isCommonJs(url)) return nextLoad(url, context);
      return { format: 'commonjs', source: readFileSync(fileURLToPath(url)), shortCircuit: true };
    },
  });
  const url = pathToFileURL(realpathSync(file)).href;
  // An import would use the project's package.json again.
  return isCommonJs(url) ? createRequire(url)(fileURLToPath(url)) : import(url);
}

/** The context object of an invocation, with the fields that are known locally. */
export function contextOf(
  { requestId, deadlineAt, invokedFunctionArn }: InvokeMessage,
  environment: Readonly<Record<string, string | undefined>>,
): object {
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, deadlineAt - Date.now()),
  };
}
