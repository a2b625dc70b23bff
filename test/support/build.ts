import { execFileSync } from 'node:child_process';

/** Bundles the functions before the first test: what is tested is what deploys. */
export default function setup(): void {
  execFileSync(process.execPath, ['infra/build.ts'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
