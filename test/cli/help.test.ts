import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'cli', 'main.ts');
/** Writes the URLs of the files that are loaded to stderr. */
const HOOK = `
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) process.stderr.write(url + '\\n');
      return next(url, context);
    },
  });`;

/** What a command line loads: files of the project, and names of packages. */
async function loadedBy(...args: readonly string[]) {
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const running = promisify(execFile)(process.execPath, ['--import', hook, MAIN, ...args]);
  const { stdout, stderr } = await running;
  const names = new Set(stderr.trimEnd().split('\n').map(nameOf));
  const isFile = (name: string) => /\.ts$/.test(name);
  return {
    stdout,
    files: [...names].filter(isFile),
    packages: [...names].filter((name) => !isFile(name)),
  };
}

function nameOf(url: string): string {
  const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  return name ?? new URL(url).pathname.slice(ROOT.length + 1);
}

/** The width of a text, for tables, and sizes for people: a few files. */
const LAYOUT = ['string-width', 'strip-ansi', 'ansi-regex', 'get-east-asian-width', 'pretty-bytes'];

describe('starts fast, because it loads little:', () => {
  it.each(['--help', '--version'])('batch-handler %s', async (option) => {
    const { files, packages } = await loadedBy(option);
    expect(packages).toEqual(['commander']);
    expect(files.length).toBeLessThan(12);
    expect(files.filter((file) => file.startsWith('cli/commands/'))).toEqual([]);
  });

  it.each(COMMANDS.map(({ name }) => name).filter((name) => name !== 'local'))(
    'batch-handler %s --help',
    async (name) => {
      const { stdout, packages } = await loadedBy(name, '--help');
      expect(stdout).toMatch(new RegExp(`^Usage: batch-handler ${name} `));
      expect(packages.filter((each) => each !== 'commander' && !LAYOUT.includes(each))).toEqual([]);
    },
  );
});
