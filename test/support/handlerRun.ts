import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { parseContext } from '../../infra/context.ts';
import { BatchHandlerStack } from '../../infra/stack.ts';
import { type RunningStack, startStack } from '../../local/stack.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { FLAGS } from './handlerStack.ts';

/** The handler as it deploys, with its real functions, on this machine. */
export interface HandlerRun {
  readonly stack: RunningStack;
  /** What `--local` takes. */
  readonly dataDirectory: string;
  stop(): Promise<void>;
}

interface HandlerRunOptions {
  /** What the simulator does with the jobs of each batch. */
  readonly plan?: readonly string[];
  /** As in `cdk.json`. */
  readonly settings?: object;
  readonly stackName?: string;
}

export async function startHandlerRun({
  plan = ['completed'],
  settings = {},
  stackName = 'Handler',
}: HandlerRunOptions = {}): Promise<HandlerRun> {
  const directory = mkdtempSync(join(tmpdir(), 'handler-run-'));
  const assembly = join(directory, 'cdk.out');
  const dataDirectory = join(directory, 'data');
  const app = new App({ context: { ...FLAGS }, outdir: assembly });
  new BatchHandlerStack(app, stackName, parseContext(settings));
  app.synth();
  const stack = await startStack(await readAssembly(assembly), {
    dataDirectory,
    intervalSeconds: 0.5,
    timeScale: 0.5 / 60,
    port: 0,
    plan,
    environment: {},
    onEvent: () => {},
  });
  return {
    stack,
    dataDirectory,
    async stop() {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
