import { Arn, ArnFormat, type Stack } from 'aws-cdk-lib';

/**
 * What the id of a cross-region inference profile begins with, before the id of its model:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
 */
const PROFILE = /^(?:us|us-gov|eu|apac|jp|au|ca|sa|il|global)\.(.+)$/;
const PROFILE_ARN = /:inference-profile\/([^/]+)$/;

/** ARNs of what a job runs on. */
export interface ModelArns {
  /** Models, and the profiles that lead to them. */
  readonly all: readonly string[];
  /** Those of them that the job's role must be allowed to invoke: it is, of profiles, in each region. */
  readonly behindProfiles: readonly string[];
}

/**
 * The ARNs of models and inference profiles.
 *
 * @param ids ids or whole ARNs
 * @param region of the jobs
 */
export function modelArns(ids: readonly string[], region: string, stack: Stack): ModelArns {
  const foundationModel = (model: string, of: string) =>
    arn(stack, { region: of, account: '', resource: 'foundation-model', name: model });
  const all = new Set<string>();
  const behindProfiles = new Set<string>();
  for (const id of ids) {
    const profile = PROFILE_ARN.exec(id)?.[1] ?? id;
    const model = PROFILE.exec(profile)?.[1];
    if (model !== undefined || id.includes('inference-profile/')) {
      const place = { region, account: stack.account, resource: 'inference-profile', name: id };
      behindProfiles.add(isArn(id) ? id : arn(stack, place));
      // A profile sends requests to the model in regions of its own choice.
      if (model !== undefined) behindProfiles.add(foundationModel(model, '*'));
    } else {
      all.add(isArn(id) ? id : foundationModel(id, region));
    }
  }
  return { all: [...all, ...behindProfiles], behindProfiles: [...behindProfiles] };
}

function isArn(id: string): boolean {
  return id.startsWith('arn:');
}

interface Place {
  readonly region: string;
  readonly account: string;
  readonly resource: string;
  readonly name: string;
}

function arn(stack: Stack, { region, account, resource, name: resourceName }: Place): string {
  const arnFormat = ArnFormat.SLASH_RESOURCE_NAME;
  return Arn.format(
    { service: 'bedrock', region, account, resource, resourceName, arnFormat },
    stack,
  );
}
