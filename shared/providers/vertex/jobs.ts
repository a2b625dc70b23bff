import type { SettingsOf } from '../../providerSettings.ts';
import type { Rest, RestCall } from '../google/rest.ts';
import { createdSchema, jobPageSchema, jobSchema, type WireJob } from './wire.ts';

// https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs/list
const PAGE_SIZE = 100;

type Place = Pick<SettingsOf<'vertex-ai'>, 'project' | 'location'>;
export type JobPage = ReturnType<typeof jobPageSchema.parse>;

/** The batch prediction jobs of a project and location. Errors are not classified. */
export interface Jobs {
  /** Sent once. */
  create(job: object, deadlineMs: number): Promise<string>;
  get(name: string): Promise<WireJob>;
  cancel(name: string): Promise<void>;
  delete(name: string): Promise<void>;
  list(filter: string, pageToken: string | undefined): Promise<JobPage>;
}

export function connectJobs(rest: Rest, host: string, { project, location }: Place): Jobs {
  const all = `${host}/v1/projects/${project}/locations/${location}/batchPredictionJobs`;
  const about = (name: string, method: RestCall['method'], verb = ''): RestCall => ({
    method,
    url: `${host}/v1/${name}${verb}`,
  });
  return {
    async create(job, deadlineMs) {
      const answer = await rest.once({ method: 'POST', url: all, json: job }, deadlineMs);
      return createdSchema.parse(answer).name;
    },
    async get(name) {
      return jobSchema.parse(await rest.read(about(name, 'GET')));
    },
    async cancel(name) {
      await rest.done({ ...about(name, 'POST', ':cancel'), json: {} });
    },
    async delete(name) {
      await rest.done({ ...about(name, 'DELETE'), expected: [404] });
    },
    async list(filter, pageToken) {
      const query = new URLSearchParams({
        filter,
        pageSize: String(PAGE_SIZE),
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      return jobPageSchema.parse(await rest.read({ method: 'GET', url: `${all}?${query}` }));
    },
  };
}
