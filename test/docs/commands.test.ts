import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';
import { commandOf, ROOT, shellBlocks } from './shellBlocks.ts';

/** Pages whose commands a newcomer copies from top to bottom. */
const PAGES = ['README.md', 'docs/getting-started.md', 'docs/deploy.md', 'docs/upgrade.md'];

/** Commands that a test of their own runs, because they set up what this one stands on. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci && npm start': 'test/local/example.test.ts',
  'npm ci && npm test': '.ci/run',
  'npm ci && npm start -- --keep': 'test/cli/roundTrip.test.ts',
  'npm start -- --plan failed_quota,expired,partial,completed': 'test/local/example.test.ts',
  'OPENAI_API_KEY=sk-… npm start -- my-requests.jsonl': 'test/local/usage.test.ts',
};

let run: HandlerRun;
let directory: string;
beforeAll(async () => {
  run = await startHandlerRun();
  directory = mkdtempSync(join(tmpdir(), 'docs-commands-'));
  copyFileSync(join(ROOT, 'examples', 'requests.jsonl'), join(directory, 'my-requests.jsonl'));
  symlinkSync(run.dataDirectory, join(directory, '.local'));
  mkdirSync(join(directory, 'bin'));
  // `npm run cli -- …` of a clone, run from elsewhere.
  const npm = join(directory, 'bin', 'npm');
  writeFileSync(
    npm,
    `#!/bin/sh\n[ "$1 $2 $3" = "run cli --" ] || { echo "not run here: npm $*" >&2; exit 1; }\nshift 3\nexec '${process.execPath}' '${join(ROOT, 'cli', 'main.ts')}' "$@"\n`,
  );
  chmodSync(npm, 0o755);
});
afterAll(async () => {
  await run?.stop();
  rmSync(directory, { recursive: true, force: true });
});

// The commands of the others all say that they need AWS.
describe.each(PAGES.filter((page) => shellBlocks(page).length > 0))('%s', (page) => {
  const blocks = shellBlocks(page).map(({ place, script }) => ({
    place,
    script: script
      .split('\n')
      .filter((line) => !Object.hasOwn(RUN_ELSEWHERE, commandOf(line)))
      .join('\n'),
  }));

  it.each(blocks.filter(({ script }) => script.trim() !== ''))(
    'works on the local stack: $place',
    { timeout: 120_000 },
    async ({ script }) => {
      const { stderr } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: directory,
        env: { PATH: `${join(directory, 'bin')}:${process.env.PATH}`, HOME: directory },
      });
      expect(stderr).not.toContain('Error');
    },
  );
});

it('what is run elsewhere is in one of the pages, and run there', () => {
  const lines = PAGES.flatMap(shellBlocks).flatMap(({ script }) => script.split('\n'));
  const commands = new Set(lines.map(commandOf));
  for (const [command, file] of Object.entries(RUN_ELSEWHERE)) {
    expect([...commands]).toContain(command);
    expect(existsSync(join(ROOT, file))).toBe(true);
  }
});
