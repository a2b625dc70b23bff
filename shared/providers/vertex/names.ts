/** The label by which a job is found again: its value is the submission key. */
export const KEY_LABEL = 'batch_handler_key';
/** The label of a request to Gemini in Cloud Storage: what stands for its `custom_id`. */
export const REFERENCE_LABEL = 'batch_handler_request';

/** A key of this project: nothing else names objects and tables of ours. */
const KEY = /^bh[a-z0-9]{16}-[1-9][0-9]*$/;

/** The submission key of a job of ours. */
export function keyOf(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  const key = labels?.[KEY_LABEL];
  return key !== undefined && isKey(key) ? key : undefined;
}

export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** Everything of one submission in a bucket. */
export function folderOf(key: string): string {
  return `batch-handler/${key}/`;
}

export function inputObject(key: string): string {
  return `${folderOf(key)}input.jsonl`;
}

/** Jobs make a folder of their own in it. */
export function outputFolder(key: string): string {
  return `${folderOf(key)}output/`;
}

/** The table of one submission, in the input dataset as in the output dataset. */
export function tableOf(key: string): string {
  return key.replaceAll('-', '_');
}
