import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measureInChild } from './harness/child.ts';
import {
  atMost,
  type Benchmark,
  figure,
  median,
  megabytes,
  megabytesPerSecond,
  repeat,
} from './harness/figures.ts';
import { writeLines } from './harness/inputs.ts';
import { inDirectory, withServers } from './harness/servers.ts';
import type { Moved, TransferOptions } from './transferOnce.ts';

const UPLOADED = { requests: 50_000, lineBytes: 4_000 };

export const uploadBenchmark: Benchmark = {
  name: 'upload',
  title: 'Requests of a job, from S3 to the provider',
  run: () =>
    inDirectory(async (directory) => {
      const file = { kind: 'requests', shape: UPLOADED } as const;
      const content = await writeLines(directory, 'input.jsonl', file);
      const servers = { provider: {}, objects: { content } };
      const script = join(import.meta.dirname, 'transferOnce.ts');
      const runs = await withServers(servers, ({ provider, objects }) => {
        const urls = { providerUrl: provider, objectsUrl: objects };
        const options = { kind: 'submit', ...urls, requests: UPLOADED.requests } as const;
        return repeat(() => measureInChild<Moved>(script, options satisfies TransferOptions));
      });
      const bytes = (await stat(content)).size;
      const peak = median(runs.map(({ peakBytes }) => peakBytes));
      const rate = median(runs.map(({ milliseconds }) => megabytesPerSecond(bytes, milliseconds)));
      return [
        figure('upload-peak-memory', '200 MB: peak memory of the process', megabytes(peak), 'MB', {
          goal: atMost(200),
        }),
        figure('upload-throughput', '200 MB: S3 → provider', rate, 'MB/s'),
      ];
    }),
};
