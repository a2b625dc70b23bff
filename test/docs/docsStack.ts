import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { shellEnvironment } from '../../local/display.ts';
import type { RunningStack } from '../../local/stack.ts';
import { findHandlerNames } from '../../local/stackSettings.ts';
import { sdkSettings } from '../local/fixtures/toyAccess.ts';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';
import { ROOT } from './shellBlocks.ts';

/** A local stack, and what commands of the pages take to reach it. */
export interface DocsStack {
  /** What `npm start -- --keep` prints, and where the commands of the project are. */
  readonly exports: string;
  readonly run: HandlerRun;
  /** Where the commands of a page are run: with two inputs, and the stack's `.local`. */
  directoryFor(page: string): string;
  stop(): Promise<void>;
}

/** What the pages take for given: two providers, the opt-ins, and room for few requests in a job. */
const PRICES = { 'gpt-4o-mini': { input: 0.15, output: 0.6 } };
const SETTINGS = {
  providers: {
    openai: { kind: 'openai', limits: { maxRequests: 8 }, prices: PRICES },
    claude: { kind: 'anthropic', models: { 'gpt-4o-mini': 'claude-haiku-4-5' }, prices: PRICES },
  },
  inputBuckets: ['my-requests'],
  inbox: true,
  collector: { maxAgeSeconds: 60 },
};

const EXAMPLE = join(ROOT, 'examples', 'requests.jsonl');

export async function startDocsStack(): Promise<DocsStack> {
  const run = await startHandlerRun({ settings: SETTINGS });
  await putElsewhere(run.stack);
  const root = mkdtempSync(join(tmpdir(), 'docs-commands-'));
  addCommands(join(root, 'bin'));
  const { endpointUrl, resources } = run.stack;
  const exports = shellEnvironment(endpointUrl, findHandlerNames(resources));
  return {
    run,
    exports: `${exports}export PATH='${join(root, 'bin')}':"$PATH"
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
`,
    directoryFor(page) {
      const directory = join(root, page.replaceAll('/', '-'));
      mkdirSync(directory);
      for (const name of ['my-requests.jsonl', 'requests.jsonl'])
        copyFileSync(EXAMPLE, join(directory, name));
      symlinkSync(run.dataDirectory, join(directory, '.local'));
      symlinkSync(join(ROOT, 'bin'), join(directory, 'bin'));
      return directory;
    },
    async stop() {
      await run.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/**
 * Version 1 of the AWS CLI does not take AWS_ENDPOINT_URL for all services. The names of the
 * stack's resources stay as they are, and each start takes a second, so that each is asked once.
 */
const AWS = `
PATH="\${PATH#*:}"
set -- --endpoint-url "$AWS_ENDPOINT_URL" "$@"
[ "$3" = cloudformation ] || exec aws "$@"
answer="\${0%/*}/answer-$(echo "$*" | cksum | tr ' ' -)"
[ -f "$answer" ] || { aws "$@" > "$answer.part" && mv "$answer.part" "$answer"; } || exit
cat "$answer"`;

/** `batch-handler`, and scripts of a clone, as they are run from elsewhere. */
function addCommands(directory: string): void {
  mkdirSync(directory);
  const run = (script: string): string => `exec '${process.execPath}' '${join(ROOT, script)}' "$@"`;
  const scripts = {
    aws: AWS,
    'batch-handler': run('cli/main.ts'),
    npm: [
      'case "$1 $2 $3" in',
      `"run simulate --") shift 3; ${run('test/simulation/main.ts')} ;;`,
      '*) echo "not run here: npm $*" >&2; exit 1 ;;',
      'esac',
    ].join('\n'),
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  }
}

/** The file that is not in the handler's bucket. */
async function putElsewhere(stack: RunningStack): Promise<void> {
  const client = new S3Client({ ...sdkSettings(stack), forcePathStyle: true });
  const [Bucket = ''] = SETTINGS.inputBuckets;
  await client.send(new CreateBucketCommand({ Bucket }));
  const Body = readFileSync(EXAMPLE);
  await client.send(new PutObjectCommand({ Bucket, Key: '2027/monday.jsonl', Body }));
  client.destroy();
}
