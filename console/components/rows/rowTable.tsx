import { Fragment, useId, useState } from 'react';
import type { ShownRow } from '../../../shared/console/rows/shownRow.ts';
import { countText } from '../../format.ts';
import { OutcomeBadge } from './outcome.tsx';
import { RowDetail } from './rowDetail.tsx';

interface RowTableProps {
  readonly batchId: string;
  readonly rows: readonly ShownRow[];
  readonly pastJobs: number;
  readonly isRaw: boolean;
  /** Whether another page is about to take the place of this one. */
  readonly isOld: boolean;
  /** The row that is open from the beginning. */
  readonly openId: string | undefined;
}

/** A page of rows beside their requests. Each can be opened to be read in full. */
export function RowTable({ batchId, rows, pastJobs, isRaw, isOld, openId }: RowTableProps) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const id = useId();
  if (rows.length === 0) return null;
  const toggle = (key: string): void => {
    const next = new Set(toggled);
    if (!next.delete(key)) next.add(key);
    setToggled(next);
  };
  return (
    <table className="rowTable" aria-busy={isOld}>
      <thead>
        <tr>
          <th>custom_id</th>
          <th>Status</th>
          <th className="asked">Request</th>
          <th>Answer or error</th>
          <th className="tokens number">Tokens</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const key = keyOf(row);
          const isOpen = toggled.has(key) !== (openId !== undefined && row.customId === openId);
          return (
            <Fragment key={key}>
              <RowLine {...{ row, isOpen }} detailId={`${id}${key}`} onToggle={() => toggle(key)} />
              {isOpen && (
                <tr>
                  <td colSpan={5} id={`${id}${key}`}>
                    <RowDetail {...{ batchId, row, pastJobs, isRaw }} />
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

/** Two rows of a page never begin at the same place of the same file. */
function keyOf({ request, row }: ShownRow): string {
  return `${request?.at ?? ''}-${row?.file ?? ''}-${row?.at ?? ''}`;
}

interface RowLineProps {
  readonly row: ShownRow;
  readonly isOpen: boolean;
  readonly detailId: string;
  readonly onToggle: () => void;
}

function RowLine({ row, isOpen, detailId, onToggle }: RowLineProps) {
  const { customId, outcome, asked, usage } = row;
  return (
    <tr>
      <th scope="row">
        <button
          type="button"
          className="opener"
          aria-expanded={isOpen}
          aria-controls={isOpen ? detailId : undefined}
          onClick={onToggle}
        >
          {customId ?? '(no custom_id)'}
        </button>
      </th>
      <td>
        <OutcomeBadge outcome={outcome} />
      </td>
      <td className="asked clipped">{asked ?? <span className="dim">{requestText(row)}</span>}</td>
      <td className="clipped">{answerText(row)}</td>
      <td className="tokens number">
        {usage && `${countText(usage.inputTokens)} → ${countText(usage.outputTokens)}`}
      </td>
    </tr>
  );
}

function requestText({ request, isRequestAhead }: ShownRow): string {
  if (request) return 'cannot be read';
  return isRequestAhead ? 'further on in the file' : '–';
}

function answerText({ row, code, message, answered }: ShownRow): string {
  if (code !== undefined) return message === undefined ? code : `${code}: ${message}`;
  if (answered !== undefined) return answered;
  if (row === undefined) return '–';
  return row.isCut ? 'too long to be shown here' : 'cannot be read';
}
