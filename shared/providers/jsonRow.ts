/** The object on a line of a file of results. */
export function parseRow(bytes: Buffer): object {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Below: the parser's own message would quote the row.
  }
  throw new Error(`a row of ${bytes.length} bytes is not a JSON object: the file may be cut short`);
}
