import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StackResources } from '../template/resources.ts';
import { deployFunction, type LambdaFunction } from './lambdaFunction.ts';

/** Makes the stack's functions callable. */
export function deployFunctions(
  { functions }: Pick<StackResources, 'functions'>,
  options: {
    readonly environment: Readonly<Record<string, string>>;
    readonly dataDirectory: string;
  },
): readonly LambdaFunction[] {
  const logDirectory = join(options.dataDirectory, 'logs');
  const temporaryDirectory = join(options.dataDirectory, 'tmp');
  mkdirSync(logDirectory, { recursive: true });
  // What the functions of a killed run left in their /tmp.
  rmSync(temporaryDirectory, { recursive: true, force: true });
  return functions.map((resource) =>
    deployFunction(resource, {
      environment: options.environment,
      logDirectory,
      temporaryDirectory,
    }),
  );
}
