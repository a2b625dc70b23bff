import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { realObjectStore } from '../../aws/objectStore.ts';
import { realSecrets } from '../../aws/secrets.ts';
import { messageOf, ProviderError } from '../../batch/errors.ts';
import { ENVIRONMENT } from '../../config.ts';
import { isFilled } from '../../providers/http.ts';
import type { Providers } from '../../providers/provider.ts';
import { connectProviders } from '../../providers/registry.ts';
import { type Check, type Found, note, ok, problem, type Subject, unknown } from '../findings.ts';

/** Whether each provider answers and takes the credentials: by the first page of its jobs. */
export const providers: Check = {
  name: 'providers',
  permissions: ['secretsmanager:GetSecretValue', 'lambda:GetFunctionConfiguration'],
  async run(subject) {
    const entries = await connected(subject);
    return Promise.all(entries.names.map((name) => reach(subject, entries, name)));
  },
};

/** The entries as the functions connect to them, with what the caller may read of that. */
async function connected(subject: Subject): Promise<Providers> {
  const { handler, s3 } = subject.connection;
  const { bucket } = handler.resources;
  const secrets = realSecrets(subject.secrets, subject);
  const read = (variable: string) =>
    subject.entriesIn(handler.resources.sweeper, variable).catch(() => ({}));
  return connectProviders(handler.settings().providers, {
    secret: async (entry) => {
      const arn = handler.secrets[entry];
      return arn === undefined ? undefined : secrets.get(arn);
    },
    objects: realObjectStore(s3, { bucket, inputBuckets: [] }),
    jobRoles: await read(ENVIRONMENT.jobRoles),
    // Of a local run's simulators; elsewhere what is in the settings will do.
    baseUrls: await read(ENVIRONMENT.providerBaseUrls),
  });
}

async function reach(subject: Subject, entries: Providers, name: string): Promise<Found> {
  if (subject.connection.handler.secrets[name] === undefined)
    return note(
      `${name} is reached with credentials that the functions alone have, so it was not asked: a refusal would show at admission`,
    );
  try {
    const provider = await entries.get(name);
    for await (const _ of provider.listJobs(subject.now())) break;
    return ok(`${name} answers and takes the credentials`);
  } catch (error) {
    return refusalOf(name, error);
  }
}

function refusalOf(name: string, error: unknown): Found {
  if (/AccessDenied/.test(error instanceof Error ? error.name : ''))
    return unknown(
      `${name} was not asked: you may not read its secret`,
      'which is as it should be',
    );
  if (!(error instanceof ProviderError) || error.kind !== 'account')
    return problem(
      `${name} could not be reached from here: ${messageOf(error)}`,
      "look at the provider's status page, and at the network of this machine",
    );
  const { code, message } = error.reason;
  if (code === 'secret_not_filled')
    return unknown(`${name} was not asked: its secret is not filled in`);
  return problem(
    `${name} refuses the credentials: ${code}: ${message}`,
    `put its key or its bill right, then batch-handler resume ${name}`,
  );
}

/** Whether the secrets are filled. What they hold is neither shown nor kept. */
export const secrets: Check = {
  name: 'secrets',
  permissions: ['secretsmanager:GetSecretValue', 'lambda:GetFunctionConfiguration'],
  async run(subject) {
    const { handler } = subject.connection;
    const { webhook } = handler.resources;
    const signing =
      webhook === undefined ? {} : await subject.entriesIn(webhook, ENVIRONMENT.webhookSecrets);
    const all: readonly Secret[] = [
      ...Object.entries(handler.secrets).map(([entry, arn]) => ({
        name: `that of ${entry}`,
        arn,
        effect: 'its batches wait',
        next: `, then batch-handler resume ${entry}`,
      })),
      ...Object.entries(signing).map(([entry, arn]) => ({
        name: `that of the webhooks of ${entry}`,
        arn,
        effect: 'they are refused, and the sweep sees the ends of jobs later',
        next: '',
      })),
    ];
    if (all.length === 0) return [ok('the providers need none')];
    return Promise.all(all.map((secret) => lookInto(subject, secret)));
  },
};

interface Secret {
  readonly name: string;
  readonly arn: string;
  /** What comes of it if it is not filled in. */
  readonly effect: string;
  /** What else to do then. */
  readonly next: string;
}

async function lookInto({ secrets: client }: Subject, secret: Secret): Promise<Found> {
  const { name, arn } = secret;
  try {
    const { SecretString: value } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    return isFilled(value) ? ok(`${name} is filled in`) : notFilled(secret);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return notFilled(secret);
    if (/AccessDenied/.test(error instanceof Error ? error.name : ''))
      return note(`you may not read ${name}, and need not: the functions do`);
    return unknown(`${name} could not be read: ${messageOf(error)}`);
  }
}

function notFilled({ name, arn, effect, next }: Secret): Found {
  return problem(
    `${name} is not filled in: ${effect}`,
    `aws secretsmanager put-secret-value --secret-id ${arn} --secret-string KEY${next}`,
  );
}
