import { stat } from 'node:fs/promises';
import { atMost, type Benchmark } from '../figure.ts';
import { inDirectory } from '../inDirectory.ts';
import { writeLines } from '../inputs/files.ts';
import { withServers } from '../servers/withServers.ts';
import { median, repeat } from '../statistics.ts';
import { megabytes, megabytesPerSecond } from '../units.ts';
import { move } from './transfer.ts';

const SHAPE = { requests: 50_000, lineBytes: 4_000 };

export const submitting: Benchmark = {
  name: 'upload',
  title: 'Requests of a job, from S3 to the provider',
  run: () =>
    inDirectory(async (directory) => {
      const content = await writeLines(directory, 'input.jsonl', {
        kind: 'requests',
        shape: SHAPE,
      });
      const bytes = (await stat(content)).size;
      const runs = await withServers(
        { provider: {}, objects: { content } },
        ({ provider, objects }) => {
          const urls = { providerUrl: provider, objectsUrl: objects };
          return repeat(() => move('submitOnce.ts', { ...urls, requests: SHAPE.requests }));
        },
      );
      const peak = median(runs.map(({ peakBytes }) => peakBytes));
      const rate = median(runs.map(({ milliseconds }) => megabytesPerSecond(bytes, milliseconds)));
      return [
        {
          name: 'upload-peak-memory',
          what: '200 MB: peak memory of the process',
          ...{ value: megabytes(peak), unit: 'MB', goal: atMost(200) },
        },
        {
          name: 'upload-throughput',
          what: '200 MB: S3 → provider',
          ...{ value: rate, unit: 'MB/s' },
        },
      ];
    }),
};
