import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { KINDS, type SettingsOf } from '../../shared/providers/kinds.ts';
import { ConfigurationError } from '../configurationError.ts';
import { allow } from '../resources/allow.ts';
import { type AccessGrant, secretAccess } from './access.ts';
import {
  API_KEY,
  contextKind,
  defineProvider,
  importSecret,
  type KeyOptions,
  type ProviderDefinition,
  secretArnShape,
} from './kind.ts';

/** Options of `LlmProvider.anthropic`. */
export interface AnthropicOptions extends KeyOptions {
  /**
   * The workspace of Claude Platform on AWS that jobs run in. The functions sign calls with their own
   * roles, and there is no secret.
   *
   * @default - Anthropic's own API, with an API key
   */
  readonly aws?: {
    /** Such as `wrkspc_01…`. */
    readonly workspaceId: string;
    /**
     * The region of the workspace.
     *
     * @default - the region of the stack
     */
    readonly region?: string | undefined;
  };
}

/** @throws ConfigurationError for both a secret and a workspace on AWS */
export function anthropic({ secret, aws, ...settings }: AnthropicOptions): ProviderDefinition {
  if (aws && secret)
    throw new ConfigurationError(
      'secret and aws are both given: Claude Platform on AWS needs no key, so leave the secret out',
    );
  return defineProvider(
    { kind: 'anthropic', ...settings, ...omitUndefined({ aws }) },
    aws ? workspaceAccess(aws) : secretAccess(secret, API_KEY),
  );
}

export const anthropicKind = contextKind({
  schema: KINDS.anthropic.settings
    .extend(secretArnShape)
    .refine(({ secretArn, aws }) => !secretArn || !aws, {
      path: ['secretArn'],
      error: 'with aws there is no key: leave it out',
    }),
  define: (scope, name, { kind, secretArn, ...options }) =>
    anthropic(omitUndefined({ ...options, secret: importSecret(scope, name, secretArn) })),
});

/**
 * Access by the functions' own roles, to the batches of one workspace.
 * https://docs.aws.amazon.com/claude-platform/latest/userguide/iam-actions.html
 */
function workspaceAccess({
  workspaceId,
  region,
}: NonNullable<SettingsOf<'anthropic'>['aws']>): AccessGrant {
  const action = (name: string) => `aws-external-anthropic:${name}`;
  return {
    grant(scope, _entry, { worker, sweeper }) {
      const place = {
        service: 'aws-external-anthropic',
        resource: 'workspace',
        resourceName: workspaceId,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        ...omitUndefined({ region }),
      };
      const workspace = [Arn.format(place, Stack.of(scope))];
      const checking = ['GetBatchInference', 'ListBatchInferences', 'CancelBatchInference'];
      // Either function deletes the files of an ended batch.
      const both = [...checking, 'DeleteBatchInference'].map(action);
      allow([sweeper.function], both, workspace);
      allow([worker.function], [action('CreateBatchInference'), ...both], workspace);
      return {};
    },
  };
}
