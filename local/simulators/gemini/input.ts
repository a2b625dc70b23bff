import { readLines } from '../lines.ts';
import { isObject } from '../readJson.ts';

/** What is known of a job's input. */
export interface Input {
  readonly requests: number;
  /** Why it cannot be run. */
  readonly problem?: string;
}

export async function inspectInput(path: string): Promise<Input> {
  let requests = 0;
  for await (const { number, bytes } of readLines(path)) {
    if (!isRequest(bytes))
      return { requests, problem: `Line ${number} of the input file is no valid request.` };
    requests += 1;
  }
  return requests > 0 ? { requests } : { requests, problem: 'The input file is empty.' };
}

function isRequest(bytes: Buffer): boolean {
  try {
    const line: unknown = JSON.parse(bytes.toString());
    return isObject(line) && typeof line.key === 'string' && isObject(line.request);
  } catch {
    return false;
  }
}
