import { ProviderError } from '../../../batch/errors.ts';
import type { Rest } from '../../google/rest.ts';
import { tableOf } from '../names.ts';
import type { Store } from '../store.ts';
import { loadTable } from './load.ts';
import type { TableName, Tables } from './tables.ts';

export interface Datasets {
  readonly project: string;
  readonly inputDataset: string;
  readonly outputDataset: string;
}

/** Two datasets of BigQuery, with a table in each for a submission. */
export function bigQueryStore(
  rest: Rest,
  host: string,
  tables: Tables,
  { project, inputDataset, outputDataset }: Datasets,
): Store {
  const input = (key: string): TableName => ({
    project,
    dataset: inputDataset,
    table: tableOf(key),
  });
  const output = (key: string): TableName => ({ ...input(key), dataset: outputDataset });

  return {
    type: 'bigquery',

    upload: (key, file, columns) => loadTable(rest, host, input(key), file, columns),

    // Vertex AI refuses such a table as well; here nothing is created before that.
    async checkOutput(key) {
      if ((await tables.get(output(key))) === undefined) return;
      throw new ProviderError('permanent', {
        code: 'output_table_exists',
        message: `Vertex AI, upload: the table ${uriOf(output(key))} exists already, and is left as it is`,
      });
    },

    configOf: (key) => ({
      inputConfig: {
        instancesFormat: 'bigquery',
        bigquerySource: { inputUri: uriOf(input(key)) },
      },
      outputConfig: {
        predictionsFormat: 'bigquery',
        bigqueryDestination: { outputUri: uriOf(output(key)) },
      },
    }),

    async deleteInput(key, since) {
      const table = await tables.get(input(key));
      if (table !== undefined && table.creationTime >= since) await tables.delete(input(key));
    },
  };
}

function uriOf({ project, dataset, table }: TableName): string {
  return `bq://${project}.${dataset}.${table}`;
}
