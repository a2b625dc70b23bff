import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../shared/client/localStack.ts';

/** The account that the stack is deployed to, as its pseudo parameters and ARNs see it. */
export interface Account {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly stackName: string;
  /** Base of queue URLs, without a slash at the end. */
  readonly queueBaseUrl: string;
  /** Base of function URLs, without a slash at the end. */
  readonly functionBaseUrl: string;
}

/** The path of a function URL: the name of the function, and the path that the function sees. */
export const FUNCTION_URL_PATH = /^\/function-url\/([^/]+)(\/.*)$/;

export function functionUrl({ functionBaseUrl }: Account, name: string): string {
  return `${functionBaseUrl}/function-url/${name}/`;
}

/** The account id that the SQS emulator writes into its ARNs: it cannot be chosen. */
export const LOCAL_ACCOUNT_ID = '000000000000';

export { LOCAL_CREDENTIALS, LOCAL_REGION };

/** `arn:aws:<service>:<region>:<account>:<rest>` */
export function arnOf(account: Account, service: string, rest: string): string {
  return `arn:${account.partition}:${service}:${account.region}:${account.accountId}:${rest}`;
}

/**
 * The physical name that CloudFormation would make up. It is the same in every run, so that a
 * run finds what an earlier one left, and ends in the logical id, whose hash makes it unique.
 */
export function physicalName(account: Account, logicalId: string, maxLength = 64): string {
  return `${account.stackName}-${logicalId}`.slice(-maxLength).replace(/^-+/, '');
}

/** The value of a pseudo parameter, or undefined if `name` is none. */
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
