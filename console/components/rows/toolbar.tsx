import type { RowsPage } from '../../../shared/console/rows/rowsPage.ts';
import type { View } from '../../../shared/console/rows/rowWalk.ts';
import { countText } from '../../format.ts';

interface ToolbarProps {
  readonly batchId: string;
  readonly view: View;
  readonly row: string | undefined;
  readonly data: RowsPage;
  readonly isRaw: boolean;
  readonly onView: (view: View) => void;
  readonly onRaw: (isRaw: boolean) => void;
}

/** Which rows are shown, how, and where they can be had as a file. */
export function Toolbar({ batchId, view, row, data, isRaw, onView, onRaw }: ToolbarProps) {
  const { counts, files } = data;
  const views: readonly (readonly [View, string])[] = [
    ['all', `All ${countText(counts.total)}`],
    ['succeeded', `Succeeded ${countText(counts.succeeded)}`],
    ['failed', hasUnfinished(data) ? 'Failed or unfinished' : `Failed ${countText(counts.failed)}`],
    ...(files.refused === 'none' ? [] : [['refused', 'Refused lines'] as const]),
  ];
  const shown = row === undefined ? view : undefined;
  const file = FILE_OF[view];
  const hasFile =
    view === 'all'
      ? files.results === 'there' && files.errors === 'there'
      : files[file] === 'there';
  const address = (format: string) =>
    `/api/batches/${encodeURIComponent(batchId)}/rows/download?view=${view}&format=${format}`;
  return (
    <div className="row toolbar">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame, and these are no fields of a form. */}
      <div role="group" aria-label="Which rows" className="row">
        {views.map(([name, text]) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === shown}
            onClick={() => onView(name)}
          >
            {text}
          </button>
        ))}
      </div>
      <button type="button" aria-pressed={isRaw} onClick={() => onRaw(!isRaw)}>
        Raw JSON
      </button>
      {hasFile && (
        <span className="row">
          <span className="dim">Download {view === 'all' ? 'all' : 'these'}:</span>
          <a className="button" href={address('jsonl')} download>
            JSONL
          </a>
          <a className="button" href={address('csv')} download>
            CSV
          </a>
        </span>
      )}
    </div>
  );
}

const FILE_OF = {
  all: 'results',
  succeeded: 'results',
  failed: 'errors',
  refused: 'refused',
} as const;

function hasUnfinished({ counts }: RowsPage): boolean {
  return counts.unfinished > 0;
}
