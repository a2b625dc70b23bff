import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleSize, bundle, ENTRIES } from '../../infra/bundles.ts';
import { SETTINGS_FILE } from '../../shared/config.ts';

/** A function as it is deployed, in a directory. */
export interface Deployed extends BundleSize {
  readonly directory: string;
}

const SETTINGS = { providers: { openai: { kind: 'openai' } } };
const OWN = { empty: 'emptyHandler.ts', bare: 'bareHandler.ts' } as const;
const FUNCTIONS = ['intake', 'sweeper', 'worker', 'outcome'] as const;

export type FunctionName = (typeof FUNCTIONS)[number];
export type BundleName = FunctionName | keyof typeof OWN;

/** Bundles the functions, for one provider, and the handlers that they are compared with. */
export async function deployBundles(
  directory: string,
): Promise<Readonly<Record<BundleName, Deployed>>> {
  const entries = {
    ...Object.fromEntries(FUNCTIONS.map((name) => [name, ENTRIES[name] ?? name])),
    ...Object.fromEntries(
      Object.entries(OWN).map(([name, file]) => [name, join(import.meta.dirname, file)]),
    ),
  };
  const deployed: Record<string, Deployed> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const target = join(directory, name);
    deployed[name] = { ...(await bundle(entry, target)), directory: target };
    writeFileSync(join(target, SETTINGS_FILE), JSON.stringify(SETTINGS));
  }
  return deployed as Record<BundleName, Deployed>;
}
