import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningStack, startStack } from '../../local/stack.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { synthesizedStack } from './localStackAssembly.ts';

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
}

export async function startHandlerRun({
  plan = ['completed'],
  settings = {},
}: HandlerRunOptions = {}): Promise<HandlerRun> {
  const directory = mkdtempSync(join(tmpdir(), 'handler-run-'));
  const dataDirectory = join(directory, 'data');
  const stack = await startStack(await readAssembly(await synthesizedStack(settings)), {
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
