import { googleClassifier } from '../google/errors.ts';

/**
 * Texts of calls and failed jobs about what the entry's settings name, or what Vertex AI's service
 * agent may do: https://docs.cloud.google.com/vertex-ai/docs/general/troubleshooting and
 * https://github.com/googleapis/python-aiplatform/issues/4110
 */
const SETUP_TEXT =
  /bucket location|\bbucket\b.*(does not exist|not found)|not found: (dataset|project)|service (agent|account)\b.*(permission|access)|does not have (storage|bigquery)\.|permission '?(storage|bigquery|aiplatform)\.|api has not been used|was not found or your project does not have access/i;

/** Whether an error is about the set-up: a bucket, dataset, project, API, model access or role. */
export function isAboutSetup(message: string): boolean {
  return SETUP_TEXT.test(message);
}

export const classify = googleClassifier('Vertex AI', [
  {
    // The message "(or it may not exist)" does not count: a missing permission has it, too.
    when: ({ status }) => status === 404,
    // The bucket, dataset, project or model of the settings does not exist, or may not be used.
    upload: 'account',
    create: 'account',
    read: 'missing',
  },
  {
    when: ({ status, message }) => status === 400 && isAboutSetup(message),
    upload: 'account',
    create: 'account',
    read: 'transient',
  },
]);
