import { expect, test } from 'vitest';
import { type BatchView, viewWithoutRecord } from '../../../local/batches.ts';
import { createDisplay } from '../../../local/display.ts';
import { keepRunning } from '../../../local/keepRunning.ts';
import { commandsFor, createBlockNotes, nextSteps } from '../../../local/nextSteps.ts';
import { screen } from '../../support/screen.ts';

function view(batchId: string, status: BatchView['status'], statusAt = 0): BatchView {
  return { ...viewWithoutRecord(batchId, undefined), status, statusAt };
}

test('on a terminal with too few rows, open batches are first, then those that ended last', async () => {
  const terminal = screen({ columns: 40, rows: 5 });
  const display = createDisplay(terminal.output);

  display.update([
    view('old', 'completed', 1),
    view('new', 'failed', 3),
    view('middle', 'completed', 2),
    view('open', 'running', 1),
    view('waiting', 'queued', 1),
  ]);

  expect((await terminal.text()).filter((line) => line !== '')).toEqual([
    'open  running',
    'waiting  queued',
    'new  failed',
    '… and 2 more',
  ]);
});

test('batches that others add are shown; one that has ended is read again only after a retry', async () => {
  // Prepare
  const interrupted = new AbortController();
  const steps = [
    { open: ['b'], views: [view('a', 'completed'), view('b', 'running')] },
    { open: ['b'], views: [view('b', 'running')] },
    { open: [], views: [view('b', 'failed')] },
    { open: ['a'], views: [view('a', 'queued')] },
  ];
  const asked: string[][] = [];
  const shown: string[][] = [];
  let step = -1;
  const session = {
    refusals: async () => new Map<string, string>(step < 2 ? [] : [['m', 'why']]),
    reader: {
      get: async () => undefined,
      listUnfinished: async () => {
        step += 1;
        return steps[step]?.open ?? [];
      },
    },
    views: async (tracked: readonly { readonly batchId: string }[]) => {
      asked.push(tracked.map(({ batchId }) => batchId));
      return steps[step]?.views ?? [];
    },
  };
  const notes: string[] = [];

  // Act
  await keepRunning({
    session,
    tracked: [{ batchId: 'a', messageId: 'm-a' }],
    display: {
      update(views) {
        shown.push(views.map(({ batchId, status }) => `${batchId} ${status}`));
        if (shown.length === steps.length) interrupted.abort(new Error('interrupted'));
      },
      note: (text) => notes.push(text),
    },
    interrupted: interrupted.signal,
    broken: new Promise(() => {}),
    onViews: () => {},
    pollMs: 0,
  });

  // Assess
  expect(asked).toEqual([['a', 'b'], ['b'], ['b'], ['a']]);
  expect(shown).toEqual([
    ['a completed', 'b running'],
    ['a completed', 'b running'],
    ['a completed', 'b failed'],
    ['a queued', 'b failed'],
  ]);
  expect(notes).toEqual(['message m was refused: why']);
});

test('what to type next can be pasted', () => {
  const complete = commandsFor({ dataDirectory: '/data/my runs' }, '/data');
  const steps = nextSteps(complete, {
    batchId: 'b-1',
    exampleFile: `${process.cwd()}/examples/requests.jsonl`,
    variables: 'export BUCKET=b\n',
    api: 'http://127.0.0.1:1/function-url/Api/v1',
    console: 'http://127.0.0.1:4100/?token=t',
  });

  expect(complete('list')).toMatch(/bin\/batch-handler list --local 'my runs'$/);
  expect(commandsFor({ dataDirectory: '.local' })('list')).toBe('bin/batch-handler list --local');
  const ports = { dataDirectory: '.local', runtime: 'src/handlers.ts' };
  expect(commandsFor(ports)('list')).toBe(
    'bin/batch-handler list --local --runtime src/handlers.ts',
  );
  const lines = steps.split('\n').filter((line) => line !== '');
  expect(lines.filter((line) => !/^(#|export |http:|\S*bin\/batch-handler )/.test(line))).toEqual(
    [],
  );
  expect(lines.slice(0, 2)).toEqual([
    '# The console of the stack, in your browser:',
    'http://127.0.0.1:4100/?token=t',
  ]);
  expect(lines).toContainEqual(expect.stringContaining('show b-1 --local'));
  expect(lines).toContainEqual(expect.stringContaining('add examples/requests.jsonl --wait'));
  expect(lines.at(-2)).toBe('export OPENAI_BASE_URL=http://127.0.0.1:1/function-url/Api/v1');
  expect(lines.at(-1)).toMatch(/^export OPENAI_API_KEY=\$\(\S+ keys create --name me --local /);
});

test('a blocked provider is told of once, with its text and the fix', () => {
  const notes: string[] = [];
  const tell = createBlockNotes(
    (text) => notes.push(text),
    commandsFor({ dataDirectory: '.local' }),
    {
      main: { kind: 'openai' },
      jobs: { kind: 'bedrock' },
    },
  );
  const blocked = (provider: string, message: string): BatchView => ({
    ...view('b', 'queued'),
    waitingFor: {
      ...{ kind: 'blocked', provider, refusals: 1, reason: { code: 'invalid_api_key', message } },
      text: `${provider} is blocked until 10:05Z: ${message}`,
    },
  });

  tell([blocked('main', 'no such key'), view('c', 'queued')]);
  tell([blocked('main', 'no such key')]);
  tell([blocked('main', 'no money'), blocked('jobs', 'no access')]);

  expect(notes).toEqual([
    'main is blocked until 10:05Z: no such key\n  To go on, correct OPENAI_API_KEY or the account, press ^C and start again. If it is correct by now: bin/batch-handler resume main --local',
    expect.stringContaining('main is blocked until 10:05Z: no money'),
    'jobs is blocked until 10:05Z: no access\n  To go on, correct the account, press ^C and start again. If it is correct by now: bin/batch-handler resume jobs --local',
  ]);
});
