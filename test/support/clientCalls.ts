import type { Received } from './emulatorsProxy.ts';

/** S3's permissions are not named as its operations are. */
const S3_ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/^(GET|HEAD) /, 's3:GetObject'],
  [/^DELETE .*\buploadId=/, 's3:AbortMultipartUpload'],
  [/^(PUT|POST) /, 's3:PutObject'],
];

/** The permission that a call takes, as `place: action` of `grantedToClient`. */
export function permissionOf({ method, path, headers, body }: Received): string {
  const target = String(headers['x-amz-target'] ?? '');
  const [api = '', operation = ''] = target.split('.');
  if (api.startsWith('DynamoDB')) {
    const place =
      operation === 'Query' ? `index/${JSON.parse(String(body)).IndexName}` : 'BatchesTable';
    return `${place}: dynamodb:${operation}`;
  }
  if (api === 'AmazonSQS') {
    const queue = /Batches\w+(?=[0-9A-F]{8})/.exec(JSON.parse(String(body)).QueueUrl)?.[0];
    return `${queue}: sqs:${operation}`;
  }
  const action = new URLSearchParams(String(body)).get('Action');
  if (path === '/' && action !== null) return `stack: cloudformation:${action}`;
  const [, prefix = path] = /^\/[\w-]+\/(\w+\/)/.exec(path) ?? [];
  const [, permission = method] = S3_ACTIONS.find(([call]) => call.test(`${method} ${path}`)) ?? [];
  return `${prefix}*: ${permission}`;
}
