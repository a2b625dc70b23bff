import { statSync } from 'node:fs';

/**
 * Lets `--local` stand before an argument: what follows it is its directory only if it is one.
 * `--local=DIRECTORY` says so whatever there is.
 */
export function separateLocal(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    if (arg !== '--local') return arg;
    const next = args[index + 1];
    return next === undefined || next.startsWith('-') || isDirectory(next) ? arg : '--local=.local';
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
