import type { SettingsOf } from '../../providerSettings.ts';
import type { Rest } from '../google/rest.ts';
import { bigQueryStore } from './bigquery/store.ts';
import { connectTables } from './bigquery/tables.ts';
import { connectObjects } from './gcs/objects.ts';
import { gcsStore } from './gcs/store.ts';
import { hostsOf } from './hosts.ts';
import { connectJobs, type Jobs } from './jobs.ts';
import { connectOutputs, type Outputs } from './outputs.ts';
import type { Store } from './store.ts';

export interface Services {
  readonly jobs: Jobs;
  /** Of the settings: where new jobs read and write. */
  readonly store: Store;
  readonly outputs: Outputs;
}

/** The services that an entry's jobs need. */
export function connectServices(
  rest: Rest,
  { project, location, store }: SettingsOf<'vertex-ai'>,
  baseUrl: string | undefined,
): Services {
  const hosts = hostsOf(location, baseUrl);
  const objects = connectObjects(rest, hosts.storage);
  const tables = connectTables(rest, hosts.bigquery);
  return {
    jobs: connectJobs(rest, hosts.aiplatform, { project, location }),
    store:
      store.type === 'gcs'
        ? gcsStore(rest, hosts.storage, objects, store.bucket)
        : bigQueryStore(rest, hosts.bigquery, tables, { project, ...store }),
    outputs: connectOutputs(objects, tables),
  };
}
