import { devNull } from 'node:os';
import { ENVIRONMENT } from '../../shared/config.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../template/account.ts';

/** Variables that lead the AWS SDK in a function to the emulators. */
export function functionEnvironment(urls: {
  readonly tableUrl: string;
  readonly queueUrl: string;
  readonly gatewayUrl: string;
  readonly timeScale: number;
}): Record<string, string> {
  return {
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    // The settings in the developer's home are for real accounts.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: urls.gatewayUrl,
    // Past the gateway, which is in the local run's own process: files are large.
    AWS_ENDPOINT_URL_DYNAMODB: urls.tableUrl,
    AWS_ENDPOINT_URL_S3: urls.queueUrl,
    AWS_ENDPOINT_URL_SQS: urls.queueUrl,
    AWS_ENDPOINT_URL_EVENTBRIDGE: urls.gatewayUrl,
    AWS_ENDPOINT_URL_LAMBDA: urls.gatewayUrl,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: urls.gatewayUrl,
    [ENVIRONMENT.timeScale]: String(urls.timeScale),
  };
}
