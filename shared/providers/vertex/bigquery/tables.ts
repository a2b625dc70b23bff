import * as z from 'zod';
import type { Rest } from '../../google/rest.ts';

/** A table as `bq://project.dataset.table` names it. */
export interface TableName {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

const tableSchema = z.object({
  kind: z.literal('bigquery#table'),
  /** Milliseconds since 1970. */
  creationTime: z.coerce.number(),
  schema: z.object({ fields: z.array(z.object({ name: z.string() })).default([]) }).optional(),
});
type Table = z.infer<typeof tableSchema>;

const pageSchema = z.object({
  kind: z.literal('bigquery#tableDataList'),
  totalRows: z.coerce.number(),
  pageToken: z.string().optional(),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.unknown() })) })).default([]),
});

const NOT_FOUND = 404;
/** BigQuery ends a page earlier that has over 10 MB. */
const PAGE_ROWS = 1_000;

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables */
export interface Tables {
  /** Undefined for one that is not there. */
  get(name: TableName): Promise<Table | undefined>;
  /** One that is not there needs no deleting. */
  delete(name: TableName): Promise<void>;
  /** The rows, a page at a time: the values of these columns, in the order of the table's own. */
  rows(name: TableName, columns: readonly string[]): AsyncGenerator<unknown[][]>;
}

export function connectTables(rest: Rest, host: string): Tables {
  const urlOf = ({ project, dataset, table }: TableName) =>
    `${host}/bigquery/v2/projects/${project}/datasets/${dataset}/tables/${table}`;

  return {
    async get(name) {
      const response = await rest.open({
        method: 'GET',
        url: urlOf(name),
        expected: [NOT_FOUND],
      });
      return response.status === NOT_FOUND ? undefined : tableSchema.parse(await response.json());
    },

    async delete(name) {
      await rest.done({ method: 'DELETE', url: urlOf(name), expected: [NOT_FOUND] });
    },

    async *rows(name, columns) {
      let pageToken: string | undefined;
      let seen = 0;
      do {
        const query = new URLSearchParams({
          maxResults: String(PAGE_ROWS),
          selectedFields: columns.join(','),
          ...(pageToken ? { pageToken } : {}),
        });
        const url = `${urlOf(name)}/data?${query}`;
        const page = pageSchema.parse(await rest.read({ method: 'GET', url }));
        seen += page.rows.length;
        yield page.rows.map(({ f }) => f.map(({ v }) => v));
        pageToken = page.pageToken;
        if (!pageToken && seen < page.totalRows)
          throw new Error(`the table ended after ${seen} of ${page.totalRows} rows`);
      } while (pageToken);
    },
  };
}
