import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfSignedCertificate } from './harness/certificate.ts';
import { measureInChild } from './harness/child.ts';
import {
  atLeast,
  atMost,
  type Benchmark,
  type Figure,
  figure,
  type Goal,
  median,
  megabytes,
  megabytesPerSecond,
  RUNS,
  repeat,
  shareFigures,
} from './harness/figures.ts';
import { type FileOf, writeLines } from './harness/inputs.ts';
import { inDirectory, withServers } from './harness/servers.ts';
import type { Moved, TransferOptions } from './transferOnce.ts';

/** The most requests that OpenAI accepts in one batch. */
const REQUESTS = 50_000;
const REQUEST_BYTES = 1_000;
const ROWS = { requests: REQUESTS, lineBytes: 4_000 };
/** As many rows with five times the text: memory may grow with their number only. */
const LARGE_ROWS = { requests: REQUESTS, lineBytes: 20_000 };
/** As long as short answers with their envelope are: the work for each row counts most. */
const SMALL_ROWS = { requests: REQUESTS, lineBytes: 1_000 };
/** Rows that hold 1,536 numbers each, the length of an embedding of OpenAI's smaller model. */
const EMBEDDINGS = { requests: 3_000, lineBytes: 34_000 };

/** A job's output that is collected. */
interface Output extends Pick<FileOf, 'shape' | 'order' | 'kind'> {
  /** Part of the names of its figures. */
  readonly name: string;
  /** How tables call it. */
  readonly what: string;
  readonly goal?: Goal;
  /** Provider and bucket speak HTTPS. */
  readonly overTls?: boolean;
  /** Default: as many as of other measurements. */
  readonly runs?: number;
}

/** Of outputs that are large, or that only show how much the first depends on its shape. */
const FEWER_RUNS = 3;

const NEARLY = { kind: 'results', order: 'nearly as asked' } as const;
const OUTPUTS = {
  plain: { name: 'collect', what: '200 MB', goal: atLeast(50), shape: ROWS, ...NEARLY },
  tls: {
    ...{ name: 'collect-tls', what: '200 MB over TLS', goal: atLeast(45), shape: ROWS },
    ...NEARLY,
    overTls: true,
  },
  large: {
    ...{ name: 'collect-1-gb', what: '1 GB, rows of 20 KB', goal: atLeast(55), shape: LARGE_ROWS },
    ...NEARLY,
    runs: FEWER_RUNS,
  },
  shuffled: {
    ...{ name: 'collect-shuffled', what: '200 MB, rows in no order at all', goal: atLeast(38) },
    ...{ kind: 'results', shape: ROWS, order: 'shuffled', runs: FEWER_RUNS },
  },
  small: {
    ...{ name: 'collect-1-kb', what: '50 MB, rows of 1 KB', shape: SMALL_ROWS, ...NEARLY },
    runs: FEWER_RUNS,
  },
  embeddings: {
    ...{ name: 'collect-embeddings', what: '100 MB of embeddings', shape: EMBEDDINGS },
    ...{ kind: 'embeddings', order: 'nearly as asked', runs: FEWER_RUNS },
  },
} as const satisfies Record<string, Output>;

interface Round {
  readonly discarded: Moved;
  readonly collected: Moved;
}

interface Collected {
  readonly output: Output;
  readonly bytes: number;
  /** Each collection with its limit, which is measured right before it. */
  readonly rounds: readonly Round[];
  /** The output copied unread, in turns with the rounds. */
  readonly passed: readonly Moved[];
}

export const collectBenchmark: Benchmark = {
  name: 'collect',
  title: 'Results of a job, from the provider into S3 with the ledger',
  async run() {
    const plain = await collectRows(OUTPUTS.plain);
    const tls = await collectRows(OUTPUTS.tls);
    const large = await collectRows(OUTPUTS.large);
    const others: Collected[] = [];
    for (const output of [OUTPUTS.shuffled, OUTPUTS.small, OUTPUTS.embeddings])
      others.push(await collectRows(output));
    const peak = peakOf(plain);
    const largePeak = peakOf(large);
    return [
      ...figuresOf(plain),
      ...passFigures(plain),
      memoryFigure(plain, atMost(200)),
      ...figuresOf(tls),
      ...passFigures(tls),
      ...figuresOf(large),
      memoryFigure(large, atMost(170)),
      figure(
        'collect-memory-growth',
        '1 GB: peak memory, times that of 200 MB',
        largePeak / peak,
        '×',
        {
          goal: atMost(1.1),
        },
      ),
      ...others.flatMap((one) => [...figuresOf(one), memoryFigure(one)]),
    ];
  },
};

/** Without the copy unread, which is the same for all orders and sizes of rows, except where it is shown. */
function collectRows(output: Output): Promise<Collected> {
  const { shape, overTls = false, runs = RUNS } = output;
  const isPassShown = output.name === OUTPUTS.plain.name || overTls;
  return inDirectory(async (directory) => {
    const results = await writeLines(directory, 'results.jsonl', output);
    const input = await writeLines(directory, 'input.jsonl', {
      kind: 'requests',
      shape: { requests: shape.requests, lineBytes: REQUEST_BYTES },
    });
    const tls = overTls ? selfSignedCertificate() : undefined;
    const certificate = join(directory, 'certificate.pem');
    if (tls) await writeFile(certificate, tls.cert);
    const environment = tls ? { NODE_EXTRA_CA_CERTS: certificate } : undefined;
    const servers = { provider: { content: results, tls }, objects: { content: input, tls } };
    const script = join(import.meta.dirname, 'transferOnce.ts');
    const passed: Moved[] = [];
    const rounds = await withServers(servers, ({ provider, objects }) => {
      const urls = { providerUrl: provider, objectsUrl: objects, requests: shape.requests };
      const move = (kind: TransferOptions['kind']) =>
        measureInChild<Moved>(script, { kind, ...urls }, environment);
      return repeat(async () => {
        if (isPassShown) passed.push(await move('pass'));
        const discarded = await move('discard');
        return { discarded, collected: await move('collect') };
      }, runs);
    });
    return { output, bytes: (await stat(results)).size, rounds, passed };
  });
}

function figuresOf({ output, bytes, rounds }: Collected): readonly Figure[] {
  const { name, what, goal, overTls } = output;
  const discard = `${overTls ? 'HTTPS' : 'HTTP'} → discard`;
  const pairs = rounds.map(({ discarded, collected }) => [discarded, collected] as const);
  return [
    ...shareFigures(
      `${name}-share-of-discard`,
      `${what}: throughput, share of ${discard}`,
      pairs,
      goal,
    ),
    rateFigure(
      name,
      `${what}: provider → S3 with ledger`,
      bytes,
      rounds.map((round) => round.collected),
    ),
    rateFigure(
      `${name}-discard`,
      `${what}: ${discard}`,
      bytes,
      rounds.map((round) => round.discarded),
      true,
    ),
  ];
}

/** No ledger could be faster than a copy unread, of which a part is garbage collection. */
function passFigures({ output, bytes, rounds, passed }: Collected): readonly Figure[] {
  const { name, what, overTls } = output;
  const pass = `${overTls ? 'HTTPS' : 'HTTP'} → S3 unread`;
  const pairs = rounds.map(({ collected }, run) => [passed[run] as Moved, collected] as const);
  const paused = passed.map((one) => (100 * one.pausedMilliseconds) / one.milliseconds);
  const gc = rounds.map(({ collected: one }) => (100 * one.pausedMilliseconds) / one.milliseconds);
  return [
    ...shareFigures(`${name}-share-of-pass`, `${what}: throughput, share of ${pass}`, pairs),
    rateFigure(`${name}-pass`, `${what}: ${pass}`, bytes, passed, true),
    figure(
      `${name}-pass-gc`,
      `${what}: ${pass}: of its time, garbage collection`,
      median(paused),
      '%',
      { isLimit: true },
    ),
    figure(`${name}-gc`, `${what}: with ledger: of its time, garbage collection`, median(gc), '%'),
  ];
}

function rateFigure(
  name: string,
  what: string,
  bytes: number,
  runs: readonly Moved[],
  isLimit = false,
): Figure {
  const rates = runs.map(({ milliseconds }) => megabytesPerSecond(bytes, milliseconds));
  return figure(`${name}-throughput`, what, median(rates), 'MB/s', { isLimit });
}

function memoryFigure(collected: Collected, goal?: Goal): Figure {
  const { name, what } = collected.output;
  return figure(
    `${name}-peak-memory`,
    `${what}: peak memory of the process`,
    peakOf(collected),
    'MB',
    { goal },
  );
}

function peakOf({ rounds }: Collected): number {
  return megabytes(median(rounds.map(({ collected }) => collected.peakBytes)));
}
