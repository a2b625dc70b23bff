import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { messageOf } from '../../../batch/errors.ts';
import { ENVIRONMENT } from '../../../config.ts';
import { isFilled } from '../../../providers/credential.ts';
import type { Check } from '../check.ts';
import { type Found, note, ok, problem, unknown } from '../finding.ts';
import type { Subject } from '../subject.ts';

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
