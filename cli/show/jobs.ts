import type { JobInfo } from '../../shared/client/index.ts';
import type { Column } from '../terminal/table.ts';
import { countText, durationText } from '../text.ts';

/** What became of each job. */
export const jobColumns: readonly Column<JobInfo>[] = [
  { title: '#', text: ({ attempt }) => String(attempt), rank: 0, align: 'right' },
  { title: 'ENDED', text: endText, rank: 0, style: endStyle },
  { title: 'REQUESTS', text: ({ requests }) => countText(requests), rank: 1, align: 'right' },
  { title: 'SUCCEEDED', text: ({ succeeded }) => countText(succeeded), rank: 1, align: 'right' },
  { title: 'TOOK', text: tookText, rank: 3, align: 'right' },
  { title: 'PROVIDER', text: ({ provider }) => provider, rank: 4 },
  { title: 'JOB', text: ({ id }) => id, rank: 2 },
];

function endText({ end, code }: JobInfo): string {
  return code === undefined || end === 'completed' ? end : `${end} (${code})`;
}

function endStyle({ end }: JobInfo) {
  return end === 'completed' ? 'green' : end === 'failed' ? 'red' : 'yellow';
}

function tookText({ submittedAt, endedAt }: JobInfo): string {
  return durationText(Date.parse(endedAt) - Date.parse(submittedAt));
}
