import { dynamodbClient } from '../../shared/aws/clients/dynamodb.ts';
import { secretsManagerClient } from '../../shared/aws/clients/secretsManager.ts';
import { realSecrets } from '../../shared/aws/secrets.ts';
import { realWebhookRegister } from '../../shared/aws/webhookRegister.ts';
import type { Clock } from '../../shared/batch/ports.ts';
import type { Webhooks } from '../../shared/batch/webhookPorts.ts';
import { ENVIRONMENT, SECRET_PLACEHOLDER } from '../../shared/config.ts';
import { verifyOpenAiWebhook } from '../../shared/providers/openai/webhook.ts';
import { readConfig } from '../config.ts';

export function webhookPorts(clock: Clock): Webhooks {
  const { variables } = readConfig(process.env);
  const arns = variables[ENVIRONMENT.webhookSecrets];
  const secrets = realSecrets(secretsManagerClient(), clock);
  return {
    async secretOf(entry) {
      const arn = Object.hasOwn(arns, entry) ? arns[entry] : undefined;
      if (arn === undefined) return undefined;
      // What is pasted, or comes from a file, often ends in a line end.
      const secret = (await secrets.get(arn))?.trim() ?? '';
      return secret === SECRET_PLACEHOLDER ? '' : secret;
    },
    verify: verifyOpenAiWebhook,
    register: realWebhookRegister(dynamodbClient(), variables[ENVIRONMENT.table]),
  };
}
