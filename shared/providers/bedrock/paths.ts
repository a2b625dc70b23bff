/** Where a job's files are in the handler's bucket: the job's role may use this folder alone. */
export const PROVIDER_FILES = 'provider-files/';

const INPUT = 'input.jsonl';
/** A key of this project: nothing else makes a folder, or the name of a job of ours. */
const KEY = /^bh[a-z0-9]{16}-[1-9][0-9]*$/;

export function isKey(jobName: string): boolean {
  return KEY.test(jobName);
}

/** Everything of one submission. */
export function folderOf(key: string): string {
  return `${PROVIDER_FILES}${key}/`;
}

export function inputKey(key: string): string {
  return `${folderOf(key)}${INPUT}`;
}

/** Bedrock makes a folder in it, named by the last part of the job's ARN. */
export function outputFolder(key: string): string {
  return `${folderOf(key)}output/`;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html */
export function outputKey(key: string, jobArn: string): string {
  return `${outputFolder(key)}${jobArn.slice(jobArn.lastIndexOf('/') + 1)}/${INPUT}.out`;
}
