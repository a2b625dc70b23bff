import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../shared/packageRoot.ts';
import { UsageError } from '../usageError.ts';

const EMULATORS = ['dynalite', 'fauxqs'] as const;

/**
 * The emulators are optional for those who use the package: who only deploys needs none.
 *
 * @throws UsageError with the command that installs them
 */
export function checkEmulators(isInstalled: (name: string) => boolean = canResolve): void {
  if (EMULATORS.every(isInstalled)) return;
  const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
  const wanted = EMULATORS.map((name) => `${name}@${peerDependencies[name]}`).join(' ');
  throw new UsageError(`the local run needs its emulators: npm install --save-dev ${wanted}`);
}

function canResolve(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
