import { type ReactNode, Suspense, useId, useState } from 'react';
import { type CsvCell, csvText } from '../../shared/console/csv.ts';
import type { ChartSeries } from './charts.tsx';
import '../styles/figures.css';

/** A column of the numbers behind a chart. */
export interface FigureColumn {
  /** Tells it from the others, which may have the same name: names are users' texts. */
  readonly id: string;
  readonly name: string;
  /** Its name in the file, if that says the unit. */
  readonly fileName?: string;
  /** A value for people. Default: the text itself. */
  readonly textOf?: (value: number) => string;
}

interface FigureRow {
  readonly id: string;
  /** In the order of the columns; the first is the name of the row. Null: there is no value. */
  readonly cells: readonly CsvCell[];
}

/** The numbers behind a chart. */
interface FigureTable {
  readonly columns: readonly FigureColumn[];
  readonly rows: readonly FigureRow[];
  /** The sums below, if there are any. The file of the numbers leaves them out. */
  readonly total?: FigureRow | undefined;
}

interface FigureProps {
  readonly title: string;
  /** What the numbers are, below the title. */
  readonly about: ReactNode;
  readonly table: FigureTable;
  /** The name of the file that the numbers are saved as. */
  readonly fileName: string;
  /** What the colours stand for. */
  readonly series: readonly ChartSeries[];
  /** The chart. Screen readers get the table in its place. */
  readonly children: ReactNode;
}

/** A chart, the table behind it, and the file of its numbers. */
export function Figure({ title, about, table, fileName, series, children }: FigureProps) {
  const [isTable, setIsTable] = useState(false);
  const id = useId();
  const save = () =>
    saveText(
      fileName,
      csvText(
        table.columns.map(({ name, fileName: inFile = name }) => inFile),
        table.rows.map(({ cells }) => cells),
      ),
    );
  return (
    <section className="card figure" aria-labelledby={id}>
      <div className="row figure-head">
        <h2 id={id}>{title}</h2>
        <button type="button" aria-pressed={isTable} onClick={() => setIsTable(!isTable)}>
          Show as table
        </button>
        <button type="button" onClick={save} aria-label={`Download CSV: ${title}`}>
          Download CSV
        </button>
      </div>
      <div className="dim about">{about}</div>
      {!isTable && (
        <div aria-hidden="true">
          <Legend series={series} />
          <Suspense fallback={<p className="dim chart-space">Loading the chart…</p>}>
            {children}
          </Suspense>
        </div>
      )}
      <NumbersTable title={title} table={table} isShown={isTable} />
    </section>
  );
}

function Legend({ series }: Pick<FigureProps, 'series'>) {
  return (
    <div className="row legend">
      {series.map(({ id, name, color }) => (
        <span key={id} title={name}>
          <span className="swatch" style={{ background: color }} /> {name}
        </span>
      ))}
    </div>
  );
}

interface NumbersTableProps extends Pick<FigureProps, 'title' | 'table'> {
  /** Otherwise only screen readers get it. */
  readonly isShown: boolean;
}

function NumbersTable({ title, table: { columns, rows, total }, isShown }: NumbersTableProps) {
  return (
    <div
      className={isShown ? 'scroll' : 'visually-hidden'}
      {...(isShown && { tabIndex: 0, role: 'region', 'aria-label': `${title}, as a table` })}
    >
      <table aria-label={title}>
        <thead>
          <tr>
            {columns.map(({ id, name, textOf }) => (
              <th key={id} scope="col" className={textOf && 'number'}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} columns={columns} row={row} />
          ))}
        </tbody>
        {total && (
          <tfoot>
            <Row columns={columns} row={total} />
          </tfoot>
        )}
      </table>
    </div>
  );
}

function Row({
  columns,
  row: { cells },
}: Pick<FigureTable, 'columns'> & { readonly row: FigureRow }) {
  return (
    <tr>
      {columns.map(({ id, textOf }, index) => {
        const text = cellText(cells[index] ?? null, textOf);
        return index === 0 ? (
          <th key={id} scope="row">
            {text}
          </th>
        ) : (
          <td key={id} className={textOf && 'number'}>
            {text}
          </td>
        );
      })}
    </tr>
  );
}

function cellText(cell: CsvCell, textOf: FigureColumn['textOf']): string {
  if (cell === null) return '–';
  return typeof cell === 'number' ? (textOf?.(cell) ?? String(cell)) : cell;
}

/** Has the browser save a CSV file. */
function saveText(fileName: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(address);
}
