import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
/** Has every load of an SDK, an emulator or the tokenizer fail. */
const HOOK = `
  import { registerHooks } from 'node:module';
  const heavy = /^(@aws-sdk|@smithy|@anthropic-ai|openai|google-auth-library|gpt-tokenizer|dynalite|fauxqs)/;
  registerHooks({
    resolve(specifier, context, next) {
      if (heavy.test(specifier)) throw new Error(specifier + ' is loaded by ' + context.parentURL);
      return next(specifier, context);
    },
  });`;

it.each(['--help', 'add --help', 'redrive --help', 'estimate --help', 'doctor --help'])(
  'batch-handler %s loads no SDK',
  async (command) => {
    const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
    const args = ['--import', hook, MAIN, ...command.split(' ')];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toMatch(/^Usage: batch-handler/);
  },
);
