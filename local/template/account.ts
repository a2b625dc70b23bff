import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../shared/client/localStack.ts';

/** The account to which the stack is deployed, for its pseudo parameters and ARNs. */
export interface Account {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly stackName: string;
  /** The base of queue URLs, without a trailing slash. */
  readonly queueBaseUrl: string;
  /** The base of function URLs, without a trailing slash. */
  readonly functionBaseUrl: string;
}

/** The path of a function URL: the name of the function, then the path that the function gets. */
export const FUNCTION_URL_PATH = /^\/function-url\/([^/]+)(\/.*)$/;

export function functionUrl({ functionBaseUrl }: Account, name: string): string {
  return `${functionBaseUrl}/function-url/${name}/`;
}

/** The account id in the ARNs of the SQS emulator, which cannot be configured. */
export const LOCAL_ACCOUNT_ID = '000000000000';

export { LOCAL_CREDENTIALS, LOCAL_REGION };

/** `arn:aws:<service>:<region>:<account>:<rest>` */
export function arnOf(account: Account, service: string, rest: string): string {
  return `arn:${account.partition}:${service}:${account.region}:${account.accountId}:${rest}`;
}

/**
 * The physical name of a resource without a name. It is the same in every run, so that a run finds the
 * resources of an earlier one, and ends with the logical id, whose hash makes it unique.
 */
export function physicalName(account: Account, logicalId: string, maxLength = 64): string {
  return `${account.stackName}-${logicalId}`.slice(-maxLength).replace(/^-+/, '');
}

/** The value of a pseudo parameter. Undefined if `name` is not one. */
export function pseudoParameter(account: Account, name: string): string | undefined {
  const values: Record<string, string> = {
    'AWS::AccountId': account.accountId,
    'AWS::Partition': account.partition,
    'AWS::Region': account.region,
    'AWS::StackId': arnOf(account, 'cloudformation', `stack/${account.stackName}/local`),
    'AWS::StackName': account.stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  };
  return values[name];
}

/** The account of a local run. */
export function localAccount(
  stackName: string,
  queueBaseUrl: string,
  functionBaseUrl = queueBaseUrl,
): Account {
  return {
    accountId: LOCAL_ACCOUNT_ID,
    region: LOCAL_REGION,
    partition: 'aws',
    stackName,
    queueBaseUrl,
    functionBaseUrl,
  };
}
