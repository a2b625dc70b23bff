import type { HandlerNames } from '../handlerNames.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_CREDENTIALS, LOCAL_REGION } from '../template/account.ts';

/** Lines for a shell, after which the AWS CLI and SDKs reach the stack. */
export function shellEnvironment(endpointUrl: string, names: HandlerNames): string {
  const variables = {
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    QUEUE_URL: `${endpointUrl}/${LOCAL_ACCOUNT_ID}/${names.batchQueue}`,
    BUCKET: names.bucket,
    TABLE: names.table,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${value}\n`)
    .join('');
}
