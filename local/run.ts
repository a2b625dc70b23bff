import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readPorts } from '../shared/client/readPorts.ts';
import { checkFile } from '../shared/client/upload.ts';
import { PORT_NAMES, portsDifference } from '../shared/config.ts';
import type { HandlerServer } from '../shared/operations/serve.ts';
import { PACKAGE_ROOT } from '../shared/package.ts';
import { largestFileBytes, openAdditions } from './additions.ts';
import {
  type BatchView,
  isFinished,
  type TrackedBatch,
  viewWithoutRecord,
  watchBatches,
} from './batches.ts';
import { type CommandLine, UsageError } from './commandLine.ts';
import { serveConsole } from './console.ts';
import {
  type Board,
  createBoard,
  createDisplay,
  jsonLines,
  shellEnvironment,
  summary,
} from './display.ts';
import { lockDirectory } from './emulators/directoryLock.ts';
import { keepRunning } from './keepRunning.ts';
import { timeScaleFor } from './lambda/timeouts.ts';
import { commandsFor, createBlockNotes, nextSteps } from './nextSteps.ts';
import { openPortSession } from './portSession.ts';
import { usesRealProvider } from './providers.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { type RunningStack, startStack } from './stack.ts';
import { apiUrl, providerEntries, replacedPorts } from './stackSettings.ts';
import { assemblyDirectory } from './synthesize.ts';
import { readAssembly } from './template/assembly.ts';

/** The exit code after ^C: 128 plus the number of SIGINT. */
export const EXIT_INTERRUPTED = 130;
/** The processes of a killed run end by themselves within this time. */
const LOCK_WAIT_MS = 5_000;

/** The source of the handler's state change events. */
const EVENT_SOURCE = 'batch-handler';

const EXAMPLE_FILE = join(PACKAGE_ROOT, 'examples', 'requests.jsonl');

/**
 * Runs the stack until every batch has ended.
 *
 * @param interrupted ends the run early. The next run with the same data directory continues
 * @returns the exit code
 * @throws UsageError if the user can fix the problem. Nothing is left running
 */
export async function run(options: CommandLine, interrupted: AbortSignal): Promise<number> {
  for (const file of options.files) await checkFile(file);
  const dataDirectory = resolve(options.dataDirectory);
  mkdirSync(dataDirectory, { recursive: true });
  lockDirectory(dataDirectory, LOCK_WAIT_MS);

  const additions = openAdditions(join(dataDirectory, 'added.json'));
  const files = [...options.files, ...additions.all.map(({ file }) => file)];

  const output = options.json ? process.stderr : process.stdout;
  const display = createDisplay(output);
  const board = createBoard(display);
  const assembly = await readAssembly(
    await assemblyDirectory(options, display.note),
    options.stack,
  );
  const stack = await startStack(assembly, {
    ...options,
    dataDirectory,
    timeScale: timeScaleFor(
      options.intervalSeconds,
      largestFileBytes(files),
      options.baseUrl !== undefined || usesRealProvider(options.provider, process.env),
    ),
    environment: process.env,
    onEvent({ Source: source, Detail: detail }) {
      // The processor may publish events, too.
      if (source === EVENT_SOURCE) board.showChange(JSON.parse(detail));
    },
  });
  let server: HandlerServer | undefined;
  try {
    const until = options.keep ? ', until you press ^C' : '';
    display.note(
      `${assembly.stackName} is running at ${stack.endpointUrl} with ${stack.providerDescription}${until}`,
    );
    for (const line of stack.notes) display.note(line);
    const session = await openSessionOf(stack, options, {
      stackName: assembly.stackName,
      dataDirectory,
      additions,
      exampleFile: EXAMPLE_FILE,
      note: display.note,
    });
    const tracked = await session.select(options.files);
    const complete = commandsFor({ dataDirectory, runtime: options.runtime });
    const providers = providerEntries(stack.resources.functions);
    const onViews = createBlockNotes(display.note, complete, providers);
    const waiting = { stack, session, tracked, options, board, interrupted, onViews };
    const code = await waitForBatches(waiting);
    if (options.keep && !interrupted.aborted) {
      const variables = shellEnvironment(stack.endpointUrl, session.names);
      const [{ batchId = '' } = {}] = tracked;
      const api = apiUrl(stack.resources);
      const { runtime } = options;
      server = await serveConsole({ dataDirectory, runtime, note: display.note });
      const console = server?.consoleUrl;
      const steps = { batchId, exampleFile: EXAMPLE_FILE, variables, api, console };
      output.write(`${nextSteps(complete, steps)}\n`);
      // The lines of the first display are above the summary now, so a terminal cannot redraw them. A
      // pipe has them already.
      const isLive = output.isTTY === true;
      const below = isLive ? createDisplay(output) : display;
      const { broken } = stack;
      await keepRunning({
        ...{ session, tracked, display: below, interrupted, broken },
        onViews: isLive ? createBlockNotes(below.note, complete, providers) : onViews,
      });
    }
    return code;
  } finally {
    await server?.close();
    await stack.stop();
  }
}

/** @throws UsageError if the stack has replaced ports and nobody says where they are, or others are there */
async function openSessionOf(
  stack: RunningStack,
  { runtime }: Pick<CommandLine, 'runtime'>,
  options: SessionOptions,
): Promise<Session> {
  const replaced = replacedPorts(stack.resources);
  if (replaced.length > 0 && runtime === undefined)
    throw new UsageError(
      `${options.stackName} has replaced the ports ${replaced.join(', ')}: name the module that exports them with --runtime`,
    );
  if (runtime === undefined) return openSession(stack, options);
  const ports = await readPorts(runtime);
  // The functions would throw this at each start, which only their logs tell.
  const given = PORT_NAMES.filter((name) => name in ports);
  const difference = portsDifference(given, replaced);
  if (difference !== undefined)
    throw new UsageError(
      `the ports of ${runtime} differ from those of ${options.stackName}: ${difference}. Make both equal`,
    );
  return openPortSession(stack, options, ports);
}

interface WaitOptions {
  readonly stack: RunningStack;
  readonly session: Session;
  readonly tracked: readonly TrackedBatch[];
  readonly options: CommandLine;
  readonly board: Board;
  readonly interrupted: AbortSignal;
  onViews(views: readonly BatchView[]): void;
}

/** Waits until all batches have ended, prints the summary and returns the exit code. */
async function waitForBatches({
  stack,
  session,
  tracked,
  options,
  board,
  interrupted,
  onViews,
}: WaitOptions): Promise<number> {
  const show = (views: readonly BatchView[]): void => {
    board.show(views);
    onViews(views);
  };
  const watching = watchBatches(() => session.views(tracked), show, interrupted);
  const reason = await Promise.race([watching.then(() => undefined), stack.broken]).catch(
    (error: unknown) => (interrupted.aborted ? 'interrupted' : String(error)),
  );
  if (reason !== undefined)
    process.stderr.write(`${reason}; run again with the same --data to continue\n`);
  // A batch has no view if the run ended before the table was read.
  const views = tracked.map(
    ({ batchId }) =>
      board.views.find((view) => view.batchId === batchId) ?? viewWithoutRecord(batchId, undefined),
  );
  const ended = await session.collectResults(views).catch((error: unknown) => {
    if (reason === undefined) throw error;
    return views.map(session.withoutResults);
  });
  process.stdout.write(options.json ? jsonLines(ended) : `\n${summary(ended)}`);
  for (const { status, batchId, reason: why } of views)
    if (options.json && status === 'refused') process.stderr.write(`${batchId}: ${why}\n`);
  if (interrupted.aborted) return EXIT_INTERRUPTED;
  return views.every(({ status }) => status === 'completed') && views.every(isFinished) ? 0 : 1;
}
