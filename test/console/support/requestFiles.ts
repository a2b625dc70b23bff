import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

/** A line of a file of requests. */
export function requestLine(customId: string, changes: object = {}): string {
  const body = {
    ...{ model: 'gpt-5-mini', max_completion_tokens: 100 },
    messages: [{ role: 'user', content: `Say <script>alert(1)</script> ${customId}` }],
    ...changes,
  };
  const url = '/v1/chat/completions';
  return `${JSON.stringify({ custom_id: customId, method: 'POST', url, body })}\n`;
}

export function requestLines(count: number): string {
  return Array.from({ length: count }, (_none, at) => requestLine(`r-${at}`)).join('');
}

/** Writes requests with so many bytes in all, the last line filled up. */
export function writeRequests(path: string, bytes: number, firstId = 'first'): void {
  const first = requestLine(firstId);
  const content = 'x'.repeat(1_000_000);
  const lines = [first];
  let length = first.length;
  for (let at = 0; length < bytes; at++) {
    const messages = (text: string) => [{ role: 'user', content: text }];
    const empty = requestLine(`r-${at}`, { messages: messages('') });
    const filled = Math.min(content.length, bytes - length - empty.length);
    // What is left would be too short for a line: blanks are no line.
    const line =
      filled < 0
        ? ' '.repeat(bytes - length)
        : requestLine(`r-${at}`, { messages: messages(content.slice(0, filled)) });
    lines.push(line);
    length += line.length;
  }
  writeFileSync(path, lines.join(''));
}

/** Gives the screen Add a file that has this content. */
export async function chooseText(page: Page, name: string, text: string): Promise<void> {
  const buffer = Buffer.from(text);
  await page.getByLabel('Choose files').setInputFiles({ name, mimeType: '', buffer });
}
