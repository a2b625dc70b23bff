import type { SQSClientConfig } from '@aws-sdk/client-sqs';

/**
 * How AWS is reached, in the words of the SDK's clients: region, profile, credentials, endpoint.
 * Default: what the SDK finds in the environment.
 */
export type AwsAccess = Pick<SQSClientConfig, 'region' | 'profile' | 'credentials' | 'endpoint'>;
