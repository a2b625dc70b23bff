import type { WireJob } from './api.ts';
import { bigQueryFiles, bigQueryRows, deleteBigQueryTable, type Tables } from './bigquery.ts';
import { deleteGcsFolder, gcsFiles, gcsRows, type Objects } from './gcs.ts';

/**
 * What jobs wrote, wherever they were told to: the settings may name another store by now. Files
 * are gs:// and bq:// URIs. Errors are not classified.
 */
export interface Outputs {
  filesOf(job: WireJob): Promise<string[]>;
  /** Parsed rows, in groups. */
  rows(file: string): AsyncGenerator<object[]>;
  /** Deletes a job's input and output. */
  delete(job: WireJob, key: string): Promise<void>;
}

export function connectOutputs(objects: Objects, tables: Tables): Outputs {
  return {
    async filesOf({ outputConfig: { gcsDestination: gcs, bigqueryDestination: bigQuery } }) {
      if (gcs) return gcsFiles(objects, gcs.outputUriPrefix);
      return bigQuery ? bigQueryFiles(tables, bigQuery.outputUri) : [];
    },

    rows: (file) =>
      file.startsWith('bq://') ? bigQueryRows(tables, file) : gcsRows(objects, file),

    async delete({ inputConfig, outputConfig }, key) {
      const prefixes = [
        ...(inputConfig.gcsSource?.uris ?? []),
        outputConfig.gcsDestination?.outputUriPrefix,
      ];
      for (const uri of prefixes) if (uri) await deleteGcsFolder(objects, uri, key);
      const { bigquerySource: source } = inputConfig;
      const { bigqueryDestination: destination } = outputConfig;
      for (const uri of [source?.inputUri, destination?.outputUri])
        if (uri) await deleteBigQueryTable(tables, uri, key);
    },
  };
}
