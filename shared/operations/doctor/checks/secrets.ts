import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { messageOf } from '../../../batch/errors.ts';
import { isFilled } from '../../../providers/credential.ts';
import type { Check } from '../check.ts';
import { type Found, note, ok, problem, unknown } from '../finding.ts';
import type { Subject } from '../subject.ts';

/** Whether the secrets are filled. What they hold is neither shown nor kept. */
export const secrets: Check = {
  name: 'secrets',
  permissions: ['secretsmanager:GetSecretValue'],
  async run(subject) {
    const entries = Object.entries(subject.connection.handler.secrets);
    if (entries.length === 0) return [ok('the providers need none')];
    return Promise.all(entries.map(([entry, arn]) => secretOf(subject, entry, arn)));
  },
};

async function secretOf({ secrets: client }: Subject, entry: string, arn: string): Promise<Found> {
  try {
    const { SecretString: value } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    return isFilled(value) ? ok(`that of ${entry} is filled`) : notFilled(entry, arn);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return notFilled(entry, arn);
    if (/AccessDenied/.test(error instanceof Error ? error.name : ''))
      return note(`you may not read that of ${entry}, and need not: the sweeper and the worker do`);
    return unknown(`that of ${entry} could not be read: ${messageOf(error)}`);
  }
}

function notFilled(entry: string, arn: string): Found {
  return problem(
    `that of ${entry} is not filled in: its batches wait`,
    `aws secretsmanager put-secret-value --secret-id ${arn} --secret-string KEY, then batch-handler resume ${entry}`,
  );
}
