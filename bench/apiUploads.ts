import { readdirSync, readFileSync } from 'node:fs';
import { type ApiCaller, formOf, postFile } from './apiCalls.ts';
import { atMost, type Figure, figure, megabytes, timed } from './harness/figures.ts';

const MB = 1_000_000;
const UPLOAD = { bytes: 200 * MB, partBytes: 4 * MB };

/** @param pid of the process that serves */
export async function uploadThroughServe(
  caller: ApiCaller,
  pid: number,
): Promise<readonly Figure[]> {
  const before = peakOf(pid);
  const milliseconds = await timed(() => postFile(caller, UPLOAD.bytes));
  const added = megabytes(peakOf(pid) - before);
  return [
    figure('api-serve-upload-seconds', 'serve: POST /files of 200 MB', milliseconds / 1000, 's'),
    figure('api-serve-upload-memory', 'serve: memory that it takes for that', added, 'MB', {
      goal: atMost(128),
    }),
  ];
}

export async function uploadInParts(api: ApiCaller): Promise<readonly Figure[]> {
  const { bytes, partBytes } = UPLOAD;
  const created = { purpose: 'batch', filename: 'a.jsonl', bytes, mime_type: 'application/jsonl' };
  const { id } = await api.json('POST', '/uploads', created);
  const part = formOf(Buffer.alloc(partBytes, '{}\n'), 'data');
  const ids: unknown[] = [];
  const sent = await timed(async () => {
    while (ids.length * partBytes < bytes)
      ids.push((await api.json('POST', `/uploads/${id}/parts`, part)).id);
  });
  const joined = await timed(() => api.json('POST', `/uploads/${id}/complete`, { part_ids: ids }));
  return [
    figure('api-uploads-parts-seconds', 'function URL: 200 MB in 50 parts', sent / 1000, 's'),
    figure('api-uploads-complete-seconds', 'function URL: completing them', joined / 1000, 's'),
    figure(
      'api-uploads-worker-memory',
      'worker: peak memory',
      megabytes(peakOfFunction('Worker')),
      'MB',
      {
        goal: atMost(512),
      },
    ),
    figure(
      'api-uploads-api-memory',
      'function of the API: peak memory',
      megabytes(peakOfFunction('Api')),
      'MB',
      {
        goal: atMost(512),
      },
    ),
  ];
}

/** The most memory that a process has ever held, in bytes. */
function peakOf(pid: number): number {
  const [, kilobytes = '0'] =
    /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** The same of the processes of a function of the local stack. */
function peakOfFunction(name: string): number {
  const peaks = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isOfFunction(entry, name))
    .map((pid) => peakOf(Number(pid)));
  return Math.max(...peaks);
}

function isOfFunction(pid: string, name: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    return environment
      .split('\0')
      .some(
        (each) => each.startsWith('AWS_LAMBDA_FUNCTION_NAME=') && each.includes(`Batches${name}`),
      );
  } catch {
    // It has ended, or is not ours.
    return false;
  }
}
