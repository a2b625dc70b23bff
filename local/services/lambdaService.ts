import { omitUndefined } from '../../shared/omitUndefined.ts';
import type { AsyncInvoker } from '../lambda/asyncInvoker.ts';
import type { Functions } from '../lambda/functions.ts';
import { type Service, type ServiceResponse, serviceError } from './service.ts';

const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ASYNC_PAYLOAD_BYTES = 1024 * 1024;

const CONFIGURATION_PATH = /^\/2015-03-31\/functions\/([^/]+)\/configuration$/;
const ACCOUNT_SETTINGS_PATH = '/2016-08-19/account-settings';
/** The default limit of an AWS account. A local run has no limit of its own. */
const ACCOUNT_CONCURRENCY = 1_000;

/** Lambda's Invoke (RequestResponse, Event, DryRun), GetFunctionConfiguration and GetAccountSettings. */
export function lambdaService(functions: Functions, asyncInvoker: AsyncInvoker): Service {
  return async (request) => {
    if (request.path === ACCOUNT_SETTINGS_PATH) return accountSettings();
    const configured = CONFIGURATION_PATH.exec(request.path)?.[1];
    if (configured !== undefined) return configuration(functions, decodeURIComponent(configured));
    const name = INVOKE_PATH.exec(request.path)?.[1];
    if (name === undefined)
      return serviceError(
        400,
        'InvalidParameterValueException',
        `${request.path} is not supported in a local run, which supports Invoke, GetFunctionConfiguration and GetAccountSettings`,
      );
    const functionName = decodeURIComponent(name);
    const target = functions.find(functionName, request.query.get('Qualifier') ?? undefined);
    if (target === undefined) return functionNotFound(functionName);
    const payload = request.body === '' ? '{}' : request.body;
    if (!isJson(payload))
      return serviceError(400, 'InvalidRequestContentException', 'The payload is not JSON');

    const version = { 'x-amz-executed-version': '$LATEST' };
    switch (request.header('x-amz-invocation-type') ?? 'RequestResponse') {
      case 'DryRun':
        return { status: 204, body: '' };
      case 'Event': {
        const bytes = Buffer.byteLength(payload);
        if (bytes > MAX_ASYNC_PAYLOAD_BYTES)
          return serviceError(
            413,
            'RequestTooLargeException',
            `${bytes} byte payload is too large for the Event invocation type (limit ${MAX_ASYNC_PAYLOAD_BYTES} bytes)`,
          );
        const requestId = asyncInvoker.accept(target, payload);
        return { status: 202, headers: { 'x-amzn-requestid': requestId }, body: '' };
      }
      default: {
        const result = await target.lambda.invoke(payload, { invokedArn: target.arn });
        const failure = omitUndefined({ 'x-amz-function-error': result.functionError });
        return { status: 200, headers: { ...version, ...failure }, body: result.payload };
      }
    }
  };
}

function configuration(functions: Functions, name: string): ServiceResponse {
  const target = functions.find(name);
  if (target === undefined) return functionNotFound(name);
  const { arn, environment } = target.lambda;
  const body = {
    FunctionName: target.lambda.name,
    FunctionArn: arn,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    Environment: { Variables: environment },
  };
  return { status: 200, body };
}

function accountSettings(): ServiceResponse {
  const limits = {
    ConcurrentExecutions: ACCOUNT_CONCURRENCY,
    UnreservedConcurrentExecutions: ACCOUNT_CONCURRENCY,
  };
  return { status: 200, body: { AccountLimit: limits } };
}

function functionNotFound(name: string): ServiceResponse {
  return serviceError(404, 'ResourceNotFoundException', `Function not found: ${name}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
