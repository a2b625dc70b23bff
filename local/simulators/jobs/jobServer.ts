import { faultRoute } from '../faultRoute.ts';
import { FaultList } from '../faults.ts';
import { readJournal } from '../journalReader.ts';
import { type ServerOptions, startServer } from '../server.ts';
import type { Simulator } from '../simulator.ts';
import type { JobRecord } from './jobRecord.ts';
import type { Jobs } from './jobs.ts';

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
