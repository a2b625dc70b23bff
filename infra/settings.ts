import { Token } from 'aws-cdk-lib';
import { type SettingsInput, settingsSchema } from '../shared/config.ts';
import { ConfigurationError } from './configurationError.ts';

/**
 * The settings as they ship beside the bundles.
 *
 * @throws ConfigurationError naming the entry that is wrong, or known only when deployed
 */
export function settingsText(settings: SettingsInput): string {
  const deployTime = findToken(settings, []);
  if (deployTime) {
    throw new ConfigurationError(
      `${deployTime.join('.')} is known only when the stack is deployed, but the settings ship with the code: give a plain value`,
    );
  }
  const parsed = settingsSchema.safeParse(settings);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new ConfigurationError(issues.join('; '));
  }
  return JSON.stringify(parsed.data, null, 2);
}

function findToken(value: unknown, path: readonly string[]): readonly string[] | undefined {
  if (Token.isUnresolved(value)) return path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, entry] of Object.entries(value)) {
    // A key is a name: one that holds a token would come out as gibberish.
    const found = Token.isUnresolved(key) ? [...path, '(a key)'] : findToken(entry, [...path, key]);
    if (found) return found;
  }
  return undefined;
}
