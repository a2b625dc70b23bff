import { App, type Environment } from 'aws-cdk-lib';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { ConfigurationError } from './configurationError.ts';
import { CONTEXT_KEY, parseContext, stackNameOf } from './context.ts';
import { BatchHandlerStack } from './stack.ts';

try {
  const app = new App();
  const context = parseContext(app.node.tryGetContext(CONTEXT_KEY));
  new BatchHandlerStack(app, stackNameOf(app), context, { env: environment() });
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/** The account and region of the CDK CLI's credentials. Without credentials, the stack fits any environment. */
function environment(): Environment {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  return omitUndefined({ account: account || undefined, region: region || undefined });
}
