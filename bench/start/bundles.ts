import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE_ENTRIES, type BundleSize, bundle } from '../../infra/bundles.ts';
import { SETTINGS_FILE } from '../../shared/config.ts';

/** A function as it is deployed. */
export interface Deployed extends BundleSize {
  readonly directory: string;
  /** The file that it starts from. */
  readonly module: string;
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
  const handler = join(directory, 'handler');
  const sizes = await bundle(BUNDLE_ENTRIES.handler, handler);
  writeFileSync(join(handler, SETTINGS_FILE), JSON.stringify(SETTINGS));
  const deployed: Record<string, Deployed> = {};
  for (const name of FUNCTIONS) {
    const size = sizes[name];
    if (size === undefined) throw new Error(`the handler has no function ${name}`);
    deployed[name] = { ...size, directory: handler, module: `${name}.mjs` };
  }
  for (const [name, file] of Object.entries(OWN)) {
    const target = join(directory, name);
    const { index } = await bundle({ index: join(import.meta.dirname, file) }, target);
    deployed[name] = { ...index, directory: target, module: 'index.mjs' };
  }
  return deployed as Record<BundleName, Deployed>;
}
