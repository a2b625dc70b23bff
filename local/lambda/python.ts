import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../commandLine.ts';
import type { FunctionResource } from '../template/resources.ts';

const START_TIMEOUT_MS = 30_000;

const pythonSchema = z.object({ executable: z.string(), version: z.string(), boto3: z.boolean() });
/** The Python of this machine that runs the stack's Python functions. */
export type Python = z.infer<typeof pythonSchema>;

/** A shim of pyenv or a virtual environment works only with the shell's environment; its target does without. */
const DESCRIBE = `
import importlib.util, json, platform, sys
has_boto3 = importlib.util.find_spec("boto3") is not None
print(json.dumps({"executable": sys.executable, "version": platform.python_version(), "boto3": has_boto3}))
`;

/**
 * Finds `python3` if one of the functions needs it.
 *
 * @throws UsageError if there is none
 */
export function findPython(functions: readonly FunctionResource[]): Python | undefined {
  const [first] = functions.filter(isPython);
  if (first === undefined) return undefined;
  const found = spawnSync('python3', ['-c', DESCRIBE], {
    encoding: 'utf8',
    timeout: START_TIMEOUT_MS,
  });
  if (found.status === 0) return pythonSchema.parse(JSON.parse(found.stdout));
  const why = found.error?.message ?? found.stderr.trim().split('\n').at(-1);
  throw new UsageError(
    `${first.logicalId} needs ${first.runtime}, and python3 cannot be run on this machine (${why}): install Python 3 and put it on the PATH`,
  );
}

/** Lines for people: which Python runs in the place of Lambda's, and what it lacks. */
export function pythonLines(
  functions: readonly FunctionResource[],
  python: Python | undefined,
): readonly string[] {
  if (python === undefined) return [];
  const pythons = functions.filter(isPython);
  const names = pythons.map(({ logicalId, runtime }) => `${logicalId} (${runtime})`).join(', ');
  const bring = pythons.every(({ directory }) => existsSync(join(directory, 'boto3')));
  const lacks =
    python.boto3 || bring
      ? ''
      : `. It lacks boto3, which Lambda includes: ${python.executable} -m pip install boto3`;
  return [`Python ${python.version} of this machine runs ${names}${lacks}`];
}

export function isPython({ runtime }: Pick<FunctionResource, 'runtime'>): boolean {
  return runtime.startsWith('python');
}
