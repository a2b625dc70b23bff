import type { Journal } from '../journal.ts';
import { type Call, type Route, route } from '../router.ts';
import { invalid } from './errors.ts';
import type { Loads } from './loads.ts';
import { readPage } from './tablePage.ts';
import type { Field, TableRecord, Tables } from './tables.ts';

const TABLE = '/bigquery/v2/projects/:project/datasets/:dataset/tables/:table';
const MAX_RESULTS = 100_000;

/** BigQuery's API, but for uploads. */
export function tableRoutes(tables: Tables, loads: Loads, journal: Journal): Route[] {
  const find = ({ parameters: { dataset, table } }: Call) => tables.get(`${dataset}.${table}`);
  return [
    route('GET', TABLE, (call) => ({ status: 200, json: tableView(find(call)) })),
    route('GET', `${TABLE}/data`, async (call) => {
      const table = find(call);
      const fields = selected(table, call.query.get('selectedFields'));
      const page = await readPage(tables.contentPath(table), {
        fields,
        limit: Number(call.query.get('maxResults') ?? MAX_RESULTS),
        start: Number(call.query.get('pageToken') ?? 0),
      });
      const kind = 'bigquery#tableDataList';
      return { status: 200, json: { kind, totalRows: String(table.rows), ...page } };
    }),
    route('DELETE', TABLE, (call) => {
      const table = find(call);
      tables.delete(table);
      journal.append({ event: 'deleted', fileId: table.id });
      return { status: 204, json: undefined };
    }),
    route('GET', '/bigquery/v2/projects/:project/jobs/:job', ({ parameters: { job = '' } }) => ({
      status: 200,
      json: loads.view(loads.get(job)),
    })),
  ];
}

/** In the order of the table's own columns. @throws ApiError for a column that it lacks */
function selected({ fields }: TableRecord, list: string | null): readonly Field[] {
  if (list === null) return fields;
  const names = list.split(',');
  const unknown = names.find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) throw invalid(`Selected field ${unknown} is not in the table.`);
  return fields.filter(({ name }) => names.includes(name));
}

function tableView({ id, fields, rows, createdAt }: TableRecord) {
  const [datasetId, tableId] = id.split('.');
  return {
    kind: 'bigquery#table',
    tableReference: { projectId: 'local-project', datasetId, tableId },
    schema: { fields },
    numRows: String(rows),
    creationTime: String(createdAt),
  };
}
