import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { s3Client } from '../../aws/clients/s3.ts';
import { realObjectStore } from '../../aws/objectStore.ts';
import { realSecrets } from '../../aws/secrets.ts';
import { isNoList, messageOf, ProviderError } from '../../batch/errors.ts';
import { placeOf } from '../../client/connection.ts';
import { ENVIRONMENT } from '../../config.ts';
import type { Providers } from '../../providers/provider.ts';
import { connectProviders } from '../../providers/registry.ts';
import { isFilled } from '../../providers/settings.ts';
import type { AwsDoctorContext } from '../awsContext.ts';
import {
  type Check,
  type CheckResult,
  noteResult,
  okResult,
  problemResult,
  unknownResult,
} from '../check.ts';
import { settingsOf } from '../settings.ts';

/** Whether each provider answers and accepts the credentials: reads the first page of its jobs. */
export const providersCheck: Check<AwsDoctorContext> = {
  name: 'providers',
  permissions: ['secretsmanager:GetSecretValue', 'lambda:GetFunctionConfiguration'],
  async run(context) {
    const secretIds = await secretIdsOf(context);
    const providers = await connectLikeFunctions(context, secretIds);
    return Promise.all(
      providers.names.map((name) => checkProvider(context, providers, name, secretIds)),
    );
  },
};

/** Provider entry → what its secret is read by. */
type SecretIds = Readonly<Record<string, string>>;

/** As the metadata of the stack names the secrets, or the functions, which know one of another stack. */
export async function secretIdsOf({ aws, entryVariable }: AwsDoctorContext): Promise<SecretIds> {
  const { secrets, resources } = aws;
  const known = await entryVariable(resources.sweeper, ENVIRONMENT.secrets).catch(() => ({}));
  return { ...known, ...secrets };
}

/** Connects to the providers as the functions do, with whatever the caller may read for that. */
async function connectLikeFunctions(
  context: AwsDoctorContext,
  secretIds: SecretIds,
): Promise<Providers> {
  const { connection, aws } = context;
  const { sweeper } = aws.resources;
  const secrets = realSecrets(context.secrets, context, isFilled);
  const read = (variable: string) => context.entryVariable(sweeper, variable).catch(() => ({}));
  return connectProviders(settingsOf(connection.handler).providers, {
    secret: async (entry, isFresh) => {
      const arn = secretIds[entry];
      return arn === undefined ? undefined : secrets.get(arn, isFresh);
    },
    objects: realObjectStore(s3Client(aws.access), { ...placeOf(aws), inputBuckets: [] }),
    jobRoles: await read(ENVIRONMENT.jobRoles),
    // The addresses of a local run's simulators. A deployed handler uses those in its settings.
    baseUrls: await read(ENVIRONMENT.providerBaseUrls),
  });
}

async function checkProvider(
  { now }: AwsDoctorContext,
  providers: Providers,
  name: string,
  secretIds: SecretIds,
): Promise<CheckResult> {
  if (secretIds[name] === undefined)
    return noteResult(
      `${name} was not called, because only the functions have its credentials; a refusal would show under admission`,
    );
  try {
    const provider = await providers.get(name);
    for await (const _ of provider.listJobs(now())) break;
    return okResult(`${name} answers and accepts the credentials`);
  } catch (error) {
    return refusalResult(name, error);
  }
}

function refusalResult(name: string, error: unknown): CheckResult {
  if (/AccessDenied/.test(error instanceof Error ? error.name : ''))
    return unknownResult(
      `${name} was not called: you may not read its secret`,
      'no action needed: only the functions have to read it',
    );
  if (isNoList(error))
    return problemResult(
      `${name} gives no list of jobs: ${error.reason.message}`,
      "correct baseUrl and kind of the entry's settings",
    );
  if (!(error instanceof ProviderError) || error.kind !== 'account')
    return problemResult(
      `${name} cannot be reached from here: ${messageOf(error)}`,
      "check the provider's status page and the network of this machine",
    );
  const { code, message } = error.reason;
  if (code === 'secret_not_filled')
    return unknownResult(`${name} was not called: its secret is not filled in`);
  return problemResult(
    `${name} refuses the credentials: ${code}: ${message}`,
    `correct its key or its billing, then run batch-handler resume ${name}`,
  );
}

/** Whether the secrets are filled in. Their values are neither shown nor kept. */
export const secretsCheck: Check<AwsDoctorContext> = {
  name: 'secrets',
  permissions: ['secretsmanager:GetSecretValue', 'lambda:GetFunctionConfiguration'],
  async run(context) {
    const { webhook } = context.aws.resources;
    const signing =
      webhook === undefined ? {} : await context.entryVariable(webhook, ENVIRONMENT.webhookSecrets);
    const secrets: readonly Secret[] = [
      ...Object.entries(await secretIdsOf(context)).map(([entry, arn]) => ({
        name: `the secret of ${entry}`,
        arn,
        effect: 'its batches wait',
        fix: `batch-handler key ${entry}`,
      })),
      ...Object.entries(signing).map(([entry, arn]) => ({
        name: `the secret for the webhooks of ${entry}`,
        arn,
        effect: 'webhooks are refused, and only the sweep sees that a job has ended',
        fix: `aws secretsmanager put-secret-value --secret-id ${arn} --secret-string KEY`,
      })),
    ];
    if (secrets.length === 0) return [okResult('none is kept in Secrets Manager')];
    return Promise.all(secrets.map((secret) => checkSecret(context, secret)));
  },
};

interface Secret {
  readonly name: string;
  readonly arn: string;
  /** What happens while it is not filled in. */
  readonly effect: string;
  /** The command that fills it in. */
  readonly fix: string;
}

async function checkSecret({ secrets }: AwsDoctorContext, secret: Secret): Promise<CheckResult> {
  const { name, arn } = secret;
  try {
    const { SecretString: value } = await secrets.send(
      new GetSecretValueCommand({ SecretId: arn }),
    );
    return isFilled(value) ? okResult(`${name} is filled in`) : notFilledResult(secret);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return notFilledResult(secret);
    if (/AccessDenied/.test(error instanceof Error ? error.name : ''))
      return noteResult(`you may not read ${name}; no action needed, the functions may`);
    return unknownResult(`${name} could not be read: ${messageOf(error)}`);
  }
}

function notFilledResult({ name, effect, fix }: Secret): CheckResult {
  return problemResult(`${name} is not filled in: ${effect}`, fix);
}
