import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../local/fixtures/eventually.ts';
import { temporaryDirectory } from '../local/fixtures/toyStack.ts';
import { startCli } from '../support/cliProcess.ts';
import { cliRun } from '../support/cliRun.ts';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'requests.jsonl');
const DUPLICATE = join(import.meta.dirname, 'fixtures', 'duplicate.jsonl');

let run: HandlerRun;
beforeAll(async () => {
  run = await startHandlerRun({ plan: ['expired', 'completed'] });
});
afterAll(() => run?.stop());

const cli = (...args: readonly string[]) => startCli(args).ended;
const local = (...args: readonly string[]) => cli(...args, '--local', run.dataDirectory);
/** Starts sooner: for what does not depend on the process. */
const inThisProcess = (...args: readonly string[]) => cliRun(args);
const here = (...args: readonly string[]) => inThisProcess(...args, '--local', run.dataDirectory);

const idsIn = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).custom_id);

test('a file is added, watched and shown, and its results are saved', async () => {
  // Act
  const added = await local('add', EXAMPLE, '--id', 'trip', '--metadata', 'team=search', '--wait');
  const shown = await local('show', 'trip');
  const document = await local('show', 'trip', '--json');
  const out = join(temporaryDirectory(), 'results.jsonl');
  const saved = await local('results', 'trip', '--out', out);
  const streamed = await local('results', 'trip');
  const watched = await local('watch', 'trip', '--json');
  const listed = await local('list', '--status', 'completed', '--json');

  // Assess
  expect(added.stderr).toBe('');
  const changes = added.stdout.trim().split('\n');
  expect(changes[0]).toBe(`added trip from ${EXAMPLE}`);
  expect(changes.at(-1)).toBe('trip  completed   attempt 2  24 of 24 finished');
  expect(added.code).toBe(0);

  expect(shown.stdout).toMatch(/^trip {2}completed$/m);
  expect(shown.stdout).toMatch(/^ {2}requests {4}24 succeeded, 0 failed, 0 unfinished$/m);
  expect(shown.stdout).toMatch(/^ {2}metadata {4}team=search$/m);
  expect(shown.stdout).toMatch(/^ {2}1 {2}expired +24 +12 .* openai +batch_\w+$/m);
  expect(shown.stdout).not.toContain('\u001b');
  const { batchId, status, attempts, counts, metadata, jobs } = JSON.parse(document.stdout);
  expect(jobs).toMatchObject([
    { attempt: 1, end: 'expired', requests: 24, succeeded: 12 },
    { attempt: 2, end: 'completed', requests: 12, succeeded: 12 },
  ]);
  expect({ batchId, status, attempts, counts, metadata }).toEqual({
    batchId: 'trip',
    status: 'completed',
    attempts: 2,
    counts: { total: 24, succeeded: 24, failed: 0, unfinished: 0 },
    metadata: { team: 'search' },
  });

  const rows = readFileSync(out, 'utf8');
  expect(idsIn(rows)).toEqual(idsIn(readFileSync(EXAMPLE, 'utf8')));
  expect(readdirSync(join(out, '..'))).toEqual(['results.jsonl']);
  expect(saved).toMatchObject({ code: 0, stdout: '' });
  expect(streamed).toMatchObject({ code: 0, stdout: rows, stderr: '' });
  expect(JSON.parse(watched.stdout)).toMatchObject({ batchId: 'trip', status: 'completed' });
  expect(JSON.parse(listed.stdout)).toEqual(JSON.parse(watched.stdout));
});

test('a batch that fails has its reason, and a wait for it exits with 1', async () => {
  const file = DUPLICATE;

  const { code, stdout } = await local('add', file, '--id', 'bad', '--wait', '--json');
  const errors = await local('results', 'bad', '--errors');
  const results = await local('results', 'bad');

  expect(code).toBe(1);
  const [sent, ...changes] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(sent).toEqual({ batchId: 'bad', messageId: expect.any(String), file });
  expect(changes.at(-1)).toMatchObject({ batchId: 'bad', status: 'failed' });
  expect(JSON.parse(errors.stdout).error.code).toBe('duplicate_custom_id');
  expect(results).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'batch bad has no results: its input was refused; its errors say why\n',
  });
});

test('add can be repeated: the id is that of the content, and --wait waits for the batch that exists', async () => {
  const requests = readFileSync(EXAMPLE, 'utf8');
  const piped = (...args: readonly string[]) =>
    cliRun([...args, '--local', run.dataDirectory], { stdin: requests });

  const first = await here('add', EXAMPLE, '--wait');
  const again = await here('add', EXAMPLE);
  const attached = await here('add', EXAMPLE, '--wait');
  const fromStdin = await piped('add', '-', '--wait', '--json');
  const repeated = await piped('add', '-', '--json');
  // Equal for the id, and for the content.
  const named = await piped('add', '-', '--id', idOf(first.stdout));

  const id = idOf(first.stdout);
  expect(id).toMatch(/^requests-[0-9a-f]{8}$/);
  const told = `${id} exists with the same input and options and is completed: nothing was sent\n`;
  expect(again).toEqual({ code: 0, stdout: told, stderr: '' });
  expect(attached.stdout).toBe(`${told}${id}  completed   attempt 2  24 of 24 finished\n`);
  expect(attached.code).toBe(0);
  const [sent = ''] = fromStdin.stdout.split('\n');
  expect(JSON.parse(sent)).toEqual({
    batchId: id.replace('requests', 'stdin'),
    messageId: expect.any(String),
    file: '-',
  });
  expect(JSON.parse(repeated.stdout)).toEqual({
    batchId: id.replace('requests', 'stdin'),
    existing: 'completed',
    file: '-',
  });
  expect(named).toEqual({ code: 0, stdout: told, stderr: '' });
});

test('a refused input that is added again is not told to be retried', async () => {
  await here('add', DUPLICATE, '--wait');
  const again = await here('add', DUPLICATE);
  expect(again.stdout).toMatch(
    /^duplicate-[0-9a-f]{8} exists .* and is failed: nothing was sent\n$/,
  );
  expect(again.stderr).toBe(
    'none of its requests ever ran: to add it again, name it otherwise with --id\n',
  );
});

const idOf = (text: string) => /^added (\S+)/.exec(text)?.[1] ?? '';

test('add --check inspects by the settings of the handler, and sends nothing', async () => {
  const { code, stdout } = await here('add', EXAMPLE, DUPLICATE, '--check');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^requests\.jsonl: 24 requests\n {2}provider {2}openai\n/);
  expect(stdout).toMatch(
    /^duplicate\.jsonl would be refused: 1 problem in 2 requests\n {2}line 2/m,
  );
  expect(stdout).toMatch(/nothing was sent\n1 of 2 files would be refused\n$/);
  const piped = await cliRun(['add', '-', '--check', '--json', '--local', run.dataDirectory], {
    stdin: readFileSync(DUPLICATE, 'utf8'),
  });
  expect(piped.code).toBe(1);
  expect(JSON.parse(piped.stdout)).toMatchObject({ file: '-', problems: 1 });
  for (const [args, line] of [
    [['s3://b/x', '--check'], '--check reads local files, and s3://b/x is none\n'],
    [[EXAMPLE, '--provider', 'x'], 'the deployment has no provider x: use one of openai\n'],
  ] as const)
    expect(await here('add', ...args)).toEqual({ code: 2, stdout: '', stderr: line });
});

test('a message that the handler refuses ends the wait with the reason', async () => {
  const args = ['add', 's3://elsewhere/x.jsonl', '--id', 'foreign', '--wait'];

  const first = await here(...args);

  expect(first.stderr).toMatch(
    /^the message for batch foreign was refused: bucket_not_allowed: s3:\/\/elsewhere\/x\.jsonl .*\n$/,
  );
  expect(first.code).toBe(1);
  // Reading leaves the message in the queue, so each of two waits finds its own.
  expect((await here(...args)).code).toBe(1);
});

test('wrong usage is one line on stderr, and exit code 2', async () => {
  const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString();
  const added = await here('add', EXAMPLE, '--id', 'later', '--not-before', tomorrow);
  expect(added).toMatchObject({ code: 0, stdout: `added later from ${EXAMPLE}\n` });
  await eventually(
    () => here('show', 'later'),
    ({ code }) => code === 0,
  );
  const watched = await here('watch', 'later', '--timeout', '0.1');
  expect(watched.code).toBe(1);
  expect(watched.stderr).toMatch(/^batch later is \w+ after 0\.1 seconds\n$/);

  for (const [args, line] of [
    [
      'retry later',
      /^cannot retry batch later: it is \w+, and only a batch that has ended can be retried$/,
    ],
    ['cancel nobody', /^there is no batch nobody to cancel; see batch-handler list --local \S+$/],
    ['show nobody', /^there is no batch nobody; see batch-handler list --local \S+$/],
    ['cancel later/1', /^cannot cancel later\/1: it names a part: name its batch$/],
    [
      `add ${DUPLICATE} --id later`,
      /^batch later exists with another input and is \w+: choose another id; name it with --id$/,
    ],
    [`add ${EXAMPLE} --id later --max-cost 5`, /^batch later exists with another maxCost and is/],
    [`add ${EXAMPLE} --id later --metadata a=b`, /^batch later exists with another metadata and/],
    ['add -', /^- is stdin, which is a terminal here: pipe the requests in, or name a file$/],
    ['add nowhere.jsonl', /^nowhere\.jsonl: no such file$/],
    [`add ${EXAMPLE} --provider x`, /^the deployment has no provider x: use one of openai$/],
    [`add ${EXAMPLE} --id -x`, /^batchId: "-x" must be 1 to 100 of /],
    [
      `add ${EXAMPLE} --metadata x`,
      /is invalid\. It must look like key=value\. \(see .* add --help\)$/,
    ],
    [
      'list --status asleep',
      /asleep is not one of inspecting, .* \(see batch-handler list --help\)$/,
    ],
    ['list --handler x', /^stack BatchHandler has no handler x: use one of BatchHandler\/Batches$/],
    ['lst', /^unknown command 'lst'.*\(see batch-handler --help\)$/],
  ] as const) {
    const { code, stdout, stderr } = await here(...args.split(' '));
    expect(stderr.trimEnd()).toMatch(line);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  }

  const cancelled = await here('cancel', 'later', 'nobody', '--wait');
  expect(cancelled.stdout).toMatch(
    /^later: cancel (accepted, the batch is being cancelled \(\w+\)|carried out, the batch is \w+)\n$/,
  );
  expect(cancelled.stderr).toMatch(/^there is no batch nobody to cancel/);
  expect(cancelled.code).toBe(2);
  expect(await here('watch', 'later')).toMatchObject({ code: 1 });
});

test('a stack that cannot be reached is one line on stderr, and exit code 3', async () => {
  const nowhere = temporaryDirectory();
  expect(await cli('list', '--local', nowhere)).toEqual({
    code: 3,
    stdout: '',
    stderr: `no local stack runs in ${nowhere}: start one with npm start -- --keep, or name the directory of one that runs with --local DIRECTORY\n`,
  });
  const { code, stderr } = await cli('list', '--region', 'eu-west-1');
  expect(stderr).toMatch(/^no AWS credentials: sign in .*\n$/);
  expect(code).toBe(3);
});

test('every command has examples', async () => {
  const { stdout } = await inThisProcess('--help');
  const names = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name = '']) => name);
  expect(names).toContain('redeliver');
  for (const name of names.filter((each) => each !== 'help')) {
    // The local run takes the process for its own.
    const { code, stdout: help } = await (name === 'local' ? cli : inThisProcess)(name, '--help');
    expect(help).toMatch(new RegExp(`^ {2}batch-handler ${name}`, 'm'));
    expect(code).toBe(0);
  }
});
