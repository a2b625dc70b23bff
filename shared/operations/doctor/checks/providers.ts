import { realObjectStore } from '../../../aws/objectStore.ts';
import { realSecrets } from '../../../aws/secrets.ts';
import { messageOf, ProviderError } from '../../../batch/errors.ts';
import { ENVIRONMENT } from '../../../config.ts';
import type { Providers } from '../../../providers/provider.ts';
import { providers as connectProviders } from '../../../providers/registry.ts';
import type { Check } from '../check.ts';
import { type Found, note, ok, problem, unknown } from '../finding.ts';
import type { Subject } from '../subject.ts';

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
