import * as z from 'zod';
import { FaultList, faultRoute } from './faults.ts';
import type { JobRecord, Jobs } from './jobs.ts';
import { readJournal } from './journal.ts';
import { parsePlan } from './plan.ts';
import { type ServerOptions, type Simulator, startServer } from './server.ts';

/** Options that every simulator has: all of them JSON, so that they reach a child process. */
export const commonOptions = {
  /** 0: any free port. */
  port: z.number().int().min(0).max(65_535).default(0),
  /** Everything is kept here, so that a restart continues. */
  dataDir: z.string().min(1),
  /** The outcomes of the jobs of each batch, in order, the last repeating. */
  plan: z
    .array(z.string())
    .min(1)
    .default(['completed'])
    .transform((words) => parsePlan(words.join(','))),
  /** From the creation of a job to its end. */
  jobSeconds: z.number().nonnegative().default(2),
  /** Added to every call. */
  latencyMs: z.number().nonnegative().default(0),
};

/** @throws Error naming each wrong option and what was expected */
export function parseOptions<T>(name: string, schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new Error(`options of the ${name} simulator: ${z.prettifyError(parsed.error)}`);
}

interface JobServerOptions<Job extends JobRecord> extends Omit<ServerOptions, 'faults'> {
  readonly dataDir: string;
  readonly jobs: Jobs<Job>;
  /** A job as its provider names it. Default: by its id, which is a file's name too. */
  readonly nameOf?: (id: string) => string;
}

/** Serves the routes of a provider whose jobs are of the common kind, and the route for faults. */
export async function startJobServer<Job extends JobRecord>({
  dataDir,
  jobs,
  nameOf = (id) => id,
  ...options
}: JobServerOptions<Job>): Promise<Simulator> {
  const faults = new FaultList();
  const routes = [faultRoute(faults), ...options.routes];
  const server = await startServer({ ...options, faults, routes });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    inject: (injection) => faults.inject(injection),
    async journal() {
      await jobs.settled();
      const { events, jobs: found } = await readJournal(dataDir);
      return { events, jobs: found.map((job) => ({ ...job, jobId: nameOf(job.jobId) })) };
    },
    async close() {
      await server.close();
      await jobs.close();
    },
  };
}
