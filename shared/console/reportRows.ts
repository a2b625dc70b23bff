import { html, raw } from 'hono/html';
import { countText } from './format.ts';
import { type RowPorts, rowsPage } from './rows/rowsPage.ts';
import type { ShownLine, ShownRow } from './rows/shownRow.ts';

/** Rows of each kind in a report, at most. */
export const REPORTED_ROWS = { failed: 1_000, succeeded: 100 } as const;
/** Characters of a request or of a row: the rest is left out. */
const MAX_TEXT = 4_000;
const PAGE = 200;

/** The rows of a batch beside their requests, as pieces of HTML. It holds one page of them at a time. */
export async function* reportedRows(ports: RowPorts, batchId: string): AsyncGenerator<string> {
  const { failed, succeeded } = REPORTED_ROWS;
  yield String(
    await html`<h2>Rows</h2>
<p>At most the first ${countText(failed)} requests that failed and the first ${countText(succeeded)} that succeeded are here, and of each request and each row at most ${countText(MAX_TEXT)} characters.</p>
`,
  );
  for (const view of ['failed', 'succeeded'] as const) {
    yield `<h3>Requests that ${view}</h3>\n`;
    let count = 0;
    for await (const row of rowsOf(ports, batchId, view)) {
      count += 1;
      yield String(await rowHtml(row));
    }
    if (count === 0) yield '<p>There are none.</p>\n';
  }
}

async function* rowsOf(
  ports: RowPorts,
  batchId: string,
  view: keyof typeof REPORTED_ROWS,
): AsyncGenerator<ShownRow> {
  let room: number = REPORTED_ROWS[view];
  let cursor: string | undefined;
  do {
    const limit = Math.min(room, PAGE);
    const page = await rowsPage(ports, batchId, { view, cursor, limit });
    // Other files have taken their place meanwhile: their rows would come twice.
    if (page.isRestarted) return;
    yield* page.rows;
    room -= page.rows.length;
    cursor = page.next;
  } while (cursor !== undefined && room > 0);
}

function rowHtml({ customId = 'without a custom_id', status, code, request, row }: ShownRow) {
  const what = [status, code].filter((each) => each !== undefined).join(' ');
  return html`<details><summary>${customId}${what === '' ? '' : `: ${what}`}</summary>
<p class="dim">Request</p>${lineHtml(request)}<p class="dim">Row</p>${lineHtml(row)}</details>
`;
}

function lineHtml(line: ShownLine | undefined) {
  if (line === undefined) return html`<p>It is not there.</p>`;
  const isCut = line.isCut || line.text.length > MAX_TEXT;
  const text = line.text.slice(0, MAX_TEXT);
  return html`<pre>${text}${isCut ? '…' : raw('')}</pre>`;
}
