import {
  createColumnHelper,
  type Row,
  type RowSelectionState,
  rowSelectionFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { isEnded } from '../../shared/batch/status.ts';
import type { BatchRow } from '../../shared/console/batchRow.ts';
import { CostCell, EndCell, IdCell, ProgressCell, TimeCell, WhyCell } from './batchCells.tsx';
import { Scroll } from './scroll.tsx';
import { StatusBadge } from './status.tsx';

const FEATURES = tableFeatures({ rowSelectionFeature });
const helper = createColumnHelper<typeof FEATURES, BatchRow>();

interface ColumnText {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: BatchRow) => ReactNode;
}

const TEXTS: readonly ColumnText[] = [
  { id: 'batch', header: 'Batch', cell: (row) => <IdCell row={row} /> },
  {
    ...{ id: 'status', header: 'Status' },
    cell: ({ status, cancelRequested }) => (
      <StatusBadge status={status} isCancelling={cancelRequested && !isEnded(status)} />
    ),
  },
  { id: 'progress', header: 'Progress', cell: (row) => <ProgressCell row={row} /> },
  { id: 'why', header: 'Why', cell: (row) => <WhyCell row={row} /> },
  { id: 'cost', header: 'Cost', cell: (row) => <CostCell row={row} /> },
  { id: 'time', header: 'Time', cell: (row) => <TimeCell row={row} /> },
  { id: 'end', header: 'Ends', cell: (row) => <EndCell row={row} /> },
  {
    ...{ id: 'provider', header: 'Provider' },
    cell: ({ provider, model }) => (
      <>
        {provider}
        <div className="dim">{model}</div>
      </>
    ),
  },
];
const COLUMNS = helper.columns(
  TEXTS.map(({ id, header, cell }) =>
    helper.display({ id, header, cell: ({ row }) => cell(row.original) }),
  ),
);

/** Rows that are all on the page, so that the browser finds text in them. Of more, those in sight. */
const MAX_SHOWN = 60;
const ROW_PIXELS = 72;

/** The table of some batches, as TanStack has it. Only rows of `rows` count as selected. */
export function useBatchTable(rows: readonly BatchRow[]) {
  const [rowSelection, setRowSelection] = useState<RowSelectionState>({});
  return useTable({
    features: FEATURES,
    columns: COLUMNS,
    data: rows as BatchRow[],
    getRowId: ({ batchId }) => batchId,
    state: { rowSelection },
    onRowSelectionChange: setRowSelection,
  });
}

type BatchTable = ReturnType<typeof useBatchTable>;

interface BatchTableViewProps {
  readonly table: BatchTable;
  /** Whether rows can be chosen, for commands. */
  readonly isSelectable: boolean;
  /** Whether the rows are those of a filter that was left, until the others are there. */
  readonly isBusy: boolean;
}

export function BatchTableView({ table, isSelectable, isBusy }: BatchTableViewProps) {
  const { rows } = table.getRowModel();
  const body = useRef<HTMLTableSectionElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => {
    const { top = 0 } = body.current?.getBoundingClientRect() ?? {};
    setScrollMargin(Math.round(top + window.scrollY));
  }, []);
  const isDrawnWhole = rows.length <= MAX_SHOWN;
  const virtualizer = useWindowVirtualizer({
    count: isDrawnWhole ? 0 : rows.length,
    estimateSize: () => ROW_PIXELS,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 10,
    scrollMargin,
  });
  const items = virtualizer.getVirtualItems();
  const before = (items[0]?.start ?? scrollMargin) - scrollMargin;
  const after = virtualizer.getTotalSize() - ((items.at(-1)?.end ?? scrollMargin) - scrollMargin);
  return (
    <Scroll label="Table of batches">
      <table className="batches" aria-busy={isBusy} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {isSelectable && (
              <th>
                <SelectAll table={table} />
              </th>
            )}
            {TEXTS.map(({ id, header }) => (
              <th key={id} scope="col">
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          <Space height={before} />
          {(isDrawnWhole ? [...rows.keys()] : items.map(({ index }) => index)).map((index) => {
            const row = rows[index];
            return (
              row && (
                <BatchLine
                  key={row.id}
                  {...{ row, index, isSelectable }}
                  batch={row.original}
                  isSelected={row.getIsSelected()}
                  measure={isDrawnWhole ? undefined : virtualizer.measureElement}
                />
              )
            );
          })}
          <Space height={after} />
        </tbody>
      </table>
    </Scroll>
  );
}

/** Takes the place of rows that are out of sight. */
function Space({ height }: { readonly height: number }) {
  if (height <= 0) return null;
  return <tr className="space" style={{ height }} />;
}

function SelectAll({ table }: { readonly table: BatchTable }) {
  const isAll = table.getIsAllRowsSelected();
  const isSome = table.getIsSomeRowsSelected();
  return (
    <input
      type="checkbox"
      aria-label="Select all batches that are loaded"
      checked={isAll}
      ref={(element) => {
        if (element) element.indeterminate = isSome && !isAll;
      }}
      onChange={table.getToggleAllRowsSelectedHandler()}
    />
  );
}

interface BatchLineProps {
  readonly row: Row<typeof FEATURES, BatchRow>;
  /** What `row` is of: another object once it has changed. */
  readonly batch: BatchRow;
  readonly index: number;
  readonly isSelected: boolean;
  readonly isSelectable: boolean;
  /** Tells the virtual list how high it is. Absent if all rows are drawn. */
  readonly measure: ((element: Element | null) => void) | undefined;
}

/** Drawn again only if its batch has changed, or was chosen. */
const BatchLine = memo(function BatchLine(props: BatchLineProps) {
  const { row, batch, index, isSelected, isSelectable, measure } = props;
  return (
    <tr
      ref={measure}
      data-index={index}
      aria-rowindex={index + 2}
      className={isSelected ? 'selected' : undefined}
    >
      {isSelectable && (
        <td className="at-choice">
          <input
            type="checkbox"
            aria-label={`Select ${batch.batchId}`}
            checked={isSelected}
            onChange={row.getToggleSelectedHandler()}
          />
        </td>
      )}
      {TEXTS.map(({ id, header, cell }) => (
        <td key={id} className={`at-${id}`} data-label={header}>
          {cell(batch)}
        </td>
      ))}
    </tr>
  );
});
