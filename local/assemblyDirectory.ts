import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../shared/packageRoot.ts';
import type { CommandLine } from './commandLine.ts';
import { synthesize } from './synthesize.ts';
import { UsageError } from './usageError.ts';

/**
 * Where the stack is that is to be run. A clone synthesizes its own. The package has none: it runs
 * the stack of the app that it is installed in.
 *
 * @throws UsageError if there is none
 */
export async function assemblyDirectory(
  { assembly, provider }: Pick<CommandLine, 'assembly' | 'provider'>,
  note: (text: string) => void,
): Promise<string> {
  const isClone = existsSync(join(PACKAGE_ROOT, 'cdk.json'));
  if (isClone && assembly === undefined) return synthesize(PACKAGE_ROOT, provider, note);
  if (provider !== undefined) {
    throw new UsageError(
      '--provider is for the stack of a clone: a synthesized one has the providers of its app',
    );
  }
  const directory = assembly ?? 'cdk.out';
  if (existsSync(directory)) return directory;
  throw new UsageError(
    `${directory} holds no synthesized stack: run "npx cdk synth" first, or name its output with --assembly`,
  );
}
