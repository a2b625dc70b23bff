import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT, SETTINGS_FILE, type Settings, settingsSchema } from '../shared/config.ts';
import type { FunctionResource } from './template/resources.ts';

/** The provider entries of a stack, as its settings have them: none in a stack without a handler. */
export function providerEntries(functions: readonly FunctionResource[]): Settings['providers'] {
  const files = functions.map(({ directory }) => join(directory, SETTINGS_FILE));
  const file = files.find((path) => existsSync(path));
  if (file === undefined) return {};
  return settingsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).providers;
}

/**
 * What the secrets of the stack hold, by their ARNs.
 *
 * @param values by provider entry
 */
export function secretValues(
  functions: readonly FunctionResource[],
  values: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { environment } of functions) {
    const arns: Record<string, string> = JSON.parse(environment[ENVIRONMENT.secrets] ?? '{}');
    for (const [entry, arn] of Object.entries(arns)) found.set(arn, values.get(entry) ?? '');
  }
  return found;
}
