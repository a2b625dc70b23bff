import type { ScratchFile } from '../../shared/batch/ports.ts';
import { Spool } from '../../shared/jsonl/spool.ts';
import { RowWindow } from '../../shared/jsonl/window.ts';

/** All rows of a job, read before any of them is merged. */
export function spoolRows(
  rows: AsyncIterable<readonly Uint8Array[]>,
  file: ScratchFile,
): Promise<Spool> {
  return new Spool(rows, new RowWindow(file)).readAll();
}
