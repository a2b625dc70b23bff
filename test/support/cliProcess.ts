import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { childEnvironment } from '../../local/childEnvironment.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The real command line in a process of its own, without credentials. */
export function startCli(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
) {
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...childEnvironment(), AWS_EC2_METADATA_DISABLED: 'true', ...variables },
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve)).then(
    (code) => ({ code, ...texts }),
  );
  return { child, ended };
}
