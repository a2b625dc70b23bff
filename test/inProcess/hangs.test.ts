import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Composition, compose } from '../../inProcess/compose.ts';
import { Bell } from '../../inProcess/consumers.ts';
import { openDatabase, requireWritable } from '../../inProcess/database.ts';
import { announceProcess } from '../../inProcess/directory.ts';
import { type BatchHandlerOptions, checkOptions } from '../../inProcess/options.ts';
import { Run } from '../../inProcess/run.ts';
import type { StateChange } from '../../shared/batch/contracts.ts';
import type { SweepLock } from '../../shared/batch/ports.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { type Runs, startRuns } from './runs.ts';

const never = () => new Promise<never>(() => {});

let root: string;
let runs: Runs | undefined;
const closing: (() => void)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'in-process-hangs-'));
});
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0)) close();
  await runs?.stop();
  runs = undefined;
  rmSync(root, { recursive: true, force: true });
});

function composed(changes: Partial<BatchHandlerOptions> = {}) {
  const errors: object[] = [];
  const options = checkOptions({
    ...{ directory: join(root, 'batches'), process: async () => {} },
    providers: { openai: { kind: 'openai', apiKey: 'sk-test' } },
    log: { info() {}, warn() {}, error: (message, fields) => errors.push({ message, ...fields }) },
    ...changes,
  });
  const composition = compose(options, () => {});
  closing.push(() => composition.database.close());
  return { options, composition, errors };
}

/** A run whose sweeps take their lease from `acquire`, with some ports replaced. */
function runWith(acquire: SweepLock['acquire'], ports: Partial<Dependencies> = {}) {
  const { options, composition, errors } = composed();
  const sweepLock: SweepLock = {
    acquire,
    release: async () => {},
    last: async () => undefined,
  };
  const dependencies = { ...composition.dependencies, sweepLock, ...ports };
  const given: Composition = { ...composition, dependencies };
  return { run: new Run(options, given, new Bell()), errors, queues: composition.queues };
}

describe('what hangs in one process', () => {
  it('is process: after its time the delivery has failed, and others have its place', async () => {
    runs = await startRuns();
    const begun: string[] = [];
    const reasons: unknown[] = [];
    const handler = runs.handler({
      ...{ concurrency: 1, processTimeoutSeconds: 0.2 },
      async process({ batchId, event }, { signal }) {
        begun.push(batchId);
        if (batchId === 'hangs' && event.deliveryAttempt === 1) {
          signal.addEventListener('abort', () => reasons.push(signal.reason));
          await never();
        }
      },
    });
    await runs.add('hangs', ['a']);
    await runs.add('other', ['a']);

    await handler.run({ untilIdle: true });

    expect(begun.toSorted()).toEqual(['hangs', 'hangs', 'other']);
    expect(reasons).toHaveLength(1);
    const batch = await runs.batches.get('hangs');
    expect(batch?.status).toBe('completed');
    expect(batch?.reasons.map(({ message }) => message)).toContain(
      'the processor failed: process has not ended within processTimeoutSeconds (0.2) on batch hangs',
    );
  });

  it('is onEvent or apiKey: the call has failed after 30 seconds', async () => {
    vi.useFakeTimers();
    const { openai } = { openai: { kind: 'openai', apiKey: never } } as const;
    const { dependencies } = composed({ onEvent: never, providers: { openai } }).composition;

    const published = expect(dependencies.bus.publish({} as StateChange)).rejects.toThrow(
      'onEvent has not ended after 30 seconds',
    );
    const connected = expect(dependencies.providers.get('openai')).rejects.toMatchObject({
      kind: 'account',
      reason: { message: expect.stringContaining('has not ended after 30 seconds') },
    });
    await vi.advanceTimersByTimeAsync(30_000);

    await Promise.all([published, connected]);
  });

  it('is a sweep: it is abandoned, and another one begins', async () => {
    vi.useFakeTimers();
    let sweeps = 0;
    const { run, errors } = runWith(() => {
      sweeps += 1;
      return sweeps === 1 ? never() : Promise.resolve(undefined);
    });
    const working = run.work({});

    await vi.advanceTimersByTimeAsync(150_000);

    expect(sweeps).toBeGreaterThan(1);
    expect(errors).toEqual([
      { message: 'sweep failed', error: 'the sweep has not ended within 120 seconds' },
    ]);
    run.stop();
    await working;
  });
});

describe('work that hangs in one process', () => {
  it('is abandoned after its deadline, and its message comes again', async () => {
    vi.useFakeTimers();
    const { batches } = composed({ directory: join(root, 'others') }).composition.dependencies;
    const get = vi.fn(async () => undefined).mockImplementationOnce(async () => undefined);
    // The first read is for the size of the input, and the second belongs to the work.
    get.mockImplementationOnce(never);
    const acquire = async () => undefined;
    const { run, errors, queues } = runWith(acquire, { batches: { ...batches, get } });
    await queues.sendWork({ action: 'inspect', batchId: 'b1' });
    const working = run.work({});

    await vi.advanceTimersByTimeAsync(915_000);

    expect(errors).toEqual([
      expect.objectContaining({
        message: 'message failed; returned to queue',
        error: 'the work on batch b1 has not ended within 900 seconds',
      }),
    ]);
    expect(get.mock.calls.length).toBeGreaterThan(2);
    expect(queues.depth('work')).toBe(0);
    run.stop();
    await working;
  });
});

describe('a run in one process', () => {
  it('sweeps in time although the clock of the day goes back', async () => {
    vi.useFakeTimers();
    const acquire = vi.fn<SweepLock['acquire']>(async () => undefined);
    const { run } = runWith(acquire);
    const working = run.work({});
    await vi.advanceTimersByTimeAsync(15_000);
    expect(acquire).toHaveBeenCalledTimes(2);

    vi.setSystemTime(Date.now() - 24 * 60 * 60_000);
    await vi.advanceTimersByTimeAsync(10_000);

    expect(acquire).toHaveBeenCalledTimes(3);
    run.stop();
    await working;
  });

  it('ends with an error when its directory is moved', async () => {
    const { options, composition } = composed();
    const working = new Run(options, composition, new Bell()).work({});
    renameSync(options.directory, join(root, 'elsewhere'));

    await expect(working).rejects.toThrow(`the directory ${options.directory} was deleted, moved`);
  });

  it('goes on when the disk takes no sign of life', () => {
    vi.useFakeTimers();
    const leave = announceProcess(root);
    rmSync(join(root, 'processes'), { recursive: true });

    expect(() => vi.advanceTimersByTime(10_000)).not.toThrow();

    leave();
  });
});

describe('a directory that cannot be used', () => {
  it.each([
    ['is a file', () => writeFileSync(join(root, 'x'), ''), 'EEXIST'],
    [
      'has a damaged database',
      () => {
        openDatabase(join(root, 'x')).close();
        writeFileSync(join(root, 'x', 'handler.sqlite'), 'damaged '.repeat(1000));
      },
      'handler.sqlite is damaged (file is not a database)',
    ],
  ])('is named: one that %s', (_, prepare, why) => {
    prepare();
    expect(() => openDatabase(join(root, 'x'))).toThrow(
      new RegExp(
        `^the directory ${join(root, 'x')} cannot be used: .*${why.replace(/[()]/g, '\\$&')}`,
      ),
    );
  });

  it('is named: one that can only be read, by a handler', () => {
    const written = openDatabase(root);
    const readOnly = new DatabaseSync(join(root, 'handler.sqlite'), { readOnly: true });

    requireWritable(written, root);
    expect(() => requireWritable(readOnly, root)).toThrow(
      `the directory ${root} cannot be used: handler.sqlite cannot be written`,
    );

    written.close();
  });
});
