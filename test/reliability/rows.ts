/** The faults that a batch must survive, by number: what each may not lead to is in its tests. */
const ROWS = {
  1: 'the job cannot be started',
  2: 'the job is created and the reply lost',
  3: 'the job fails at the token limit',
  4: 'the job fails and would fail again',
  5: 'the job expires with half of its output',
  6: 'four batches expire',
  7: 'the job is cancelled at the provider',
  8: 'the processor throws',
  9: 'SIGKILL between the creation of the job and the record of it',
  10: 'SIGKILL after the processor has done its work',
  11: 'SIGKILL while the state is saved',
  12: 'status checks answer 500, 429 or not at all',
  13: 'the job has an unknown status',
  14: 'the job completes and every line failed',
  15: 'two handlers work on one queue',
  16: 'some lines fail',
  17: 'the download is cut',
  18: 'a retry',
  19: 'many batches wait at once',
  20: 'messages come twice, late and out of order',
  21: 'the sweep fires twice at once',
  22: 'the table, the queues and the bucket throttle',
  23: 'a job is stuck past its window',
} as const;

export const ROW_NUMBERS = Object.keys(ROWS).map(Number);

/** The name of the tests of a fault: its number and what goes wrong. */
export function row(number: keyof typeof ROWS): string {
  return `row ${number}: ${ROWS[number]}`;
}
