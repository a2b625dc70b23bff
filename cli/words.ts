/** Several values of one option, separated by commas. */
export function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}
