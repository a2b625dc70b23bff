/** One line of CSV: https://www.rfc-editor.org/rfc/rfc4180 */
export function csvRow(values: readonly (string | number)[]): string {
  return `${values.map(field).join(',')}\r\n`;
}

/** Quoted where it must be. A leading quote keeps spreadsheets from running a model's answer as a formula. */
function field(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
