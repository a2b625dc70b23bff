import * as z from 'zod';
import { FaultList, faultRoute, type Injection } from './faults.ts';
import type { Jobs } from './jobs.ts';
import { type JournalContent, readJournal } from './journal.ts';
import { parsePlan } from './plan.ts';
import { type ServerOptions, startServer } from './server.ts';
import type { JobRecord } from './timeline.ts';

/** Options of every simulator. All of them are JSON, so that a child process can get them. */
export const commonOptions = {
  /** 0 for any free port. */
  port: z.number().int().min(0).max(65_535).default(0),
  /** Where everything is kept, so that a restart continues. */
  dataDir: z.string().min(1),
  /** The outcomes of the jobs of each batch, in order. The last one repeats. */
  plan: z
    .array(z.string())
    .min(1)
    .default(['completed'])
    .transform((outcomes) => parsePlan(outcomes.join(','))),
  /** From the creation of a job to its end. */
  jobSeconds: z.number().nonnegative().default(2),
  /** Added to every call. */
  latencyMs: z.number().nonnegative().default(0),
};

/** @throws Error naming each wrong option and what was expected */
export function parseOptions<T>(provider: string, schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new Error(`options of the ${provider} simulator: ${z.prettifyError(parsed.error)}`);
}

/** A running simulator of one provider. */
export interface Simulator {
  /** The base URL for the provider's SDK. */
  readonly url: string;
  readonly port: number;
  /** Injects a fault into the next calls that match. */
  inject(injection: Injection): void;
  /** Does the work that is due by now. */
  finishDueWork(): Promise<void>;
  /** Does the work that is due by now, then reads what has happened so far. */
  journal(): Promise<JournalContent>;
  /** Breaks all connections. A new simulator with the same data continues. */
  close(): Promise<void>;
}

interface JobServerOptions<Job extends JobRecord> extends Omit<ServerOptions, 'faults'> {
  readonly dataDir: string;
  readonly jobs: Jobs<Job>;
  /** The API's base path. Default: none. */
  readonly basePath?: string;
  /** The provider's name for a job in the journal. Default: the id, which names its files, too. */
  readonly nameOf?: (id: string) => string;
  /** Closed before the server is, such as notifications of ended jobs. */
  readonly notifications?: { close(): Promise<void> } | undefined;
}

/** Serves a provider's routes and the route that injects faults. */
export async function startJobServer<Job extends JobRecord>({
  dataDir,
  jobs,
  basePath = '',
  nameOf = (id) => id,
  notifications,
  ...options
}: JobServerOptions<Job>): Promise<Simulator> {
  const faults = new FaultList();
  const routes = [faultRoute(faults), ...options.routes];
  const server = await startServer({ ...options, faults, routes });
  return {
    url: `http://127.0.0.1:${server.port}${basePath}`,
    port: server.port,
    inject: (injection) => faults.inject(injection),
    finishDueWork: () => jobs.finishDueWork(),
    async journal() {
      await jobs.finishDueWork();
      const { events, jobs: found } = await readJournal(dataDir);
      return { events, jobs: found.map((job) => ({ ...job, jobId: nameOf(job.jobId) })) };
    },
    async close() {
      await notifications?.close();
      await server.close();
      await jobs.close();
    },
  };
}

/** What a simulator in a process of its own sends when it is ready. */
export interface ReadyMessage {
  readonly ready: true;
  readonly url: string;
  readonly port: number;
}

/** The exit code for wrong options or a taken port. */
const EXIT_USAGE = 2;

/**
 * Runs a simulator as this process. The first argument holds its options as JSON. It announces
 * that it is ready by one JSON line on stdout, and by a message to a parent with an IPC channel.
 * It ends when that parent is gone, so that a killed parent leaves no orphan.
 */
export async function runAsProcess(start: (options: unknown) => Promise<Simulator>): Promise<void> {
  let simulator: Simulator;
  try {
    simulator = await start(JSON.parse(process.argv[2] ?? '{}'));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT_USAGE);
  }
  const message: ReadyMessage = { ready: true, url: simulator.url, port: simulator.port };
  process.stdout.write(`${JSON.stringify(message)}\n`);
  process.send?.(message);
  const end = () => {
    simulator.close().finally(() => process.exit(0));
  };
  for (const event of ['disconnect', 'SIGTERM', 'SIGINT']) process.once(event, end);
}
