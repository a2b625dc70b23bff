import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { ProviderHost } from './providerHost.ts';
import type { AnySecret } from './secretAccess.ts';

/** What an entry was given. */
export interface Granted {
  readonly secret?: AnySecret;
  /** What the secret is to be filled with, such as `API key`. */
  readonly credential?: string;
  readonly jobRole?: iam.IRole;
}

/** How a provider is let in: the permissions and the environment together. */
export interface Access {
  grant(scope: Construct, entry: string, host: ProviderHost): Granted;
}

/** For a provider that trusts the functions' own roles. */
export const NO_ACCESS: Access = { grant: () => ({}) };
