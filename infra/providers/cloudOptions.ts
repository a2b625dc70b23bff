import type * as iam from 'aws-cdk-lib/aws-iam';
import type { CommonOptions } from './options.ts';
import type { AnySecret } from './secretAccess.ts';

/**
 * Vertex AI. Jobs read from and write to a bucket, or to two datasets: one of the two is given.
 * Without keys, Google trusts the functions' roles: set `workloadIdentityProvider`.
 */
export interface VertexAiOptions extends CommonOptions {
  /** The id of the Google Cloud project. */
  readonly project: string;
  /** Such as `us-central1`, or `global`. */
  readonly location: string;
  /**
   * The name of a Cloud Storage bucket of the project.
   *
   * @default - the datasets are used
   */
  readonly bucket?: string;
  /**
   * The name of a BigQuery dataset of the project for the tables that jobs read.
   *
   * @default - the bucket is used
   */
  readonly inputDataset?: string;
  /**
   * The name of a BigQuery dataset of the project for the tables that jobs write.
   *
   * @default - the bucket is used
   */
  readonly outputDataset?: string;
  /**
   * The provider of a workload identity pool that trusts the roles of the functions:
   * `//iam.googleapis.com/projects/…/locations/global/workloadIdentityPools/…/providers/…`.
   *
   * @default - the secret's key of a service account is used
   */
  readonly workloadIdentityProvider?: string;
  /**
   * E-mail of the service account to act as, with `workloadIdentityProvider`.
   *
   * @default - the pool's own principal
   */
  readonly serviceAccount?: string;
  /**
   * The secret that holds the key of a service account, as its JSON.
   *
   * @default - one is created, but with `workloadIdentityProvider` there is none
   */
  readonly secret?: AnySecret;
  /**
   * Takes the place of all of Google's hosts: https, or http on the machine itself.
   *
   * @default - Google's own
   */
  readonly baseUrl?: string;
}

/**
 * Amazon Bedrock. Jobs run on the handler's bucket; there is no secret.
 *
 * The models that jobs may use are named by `modelIds`, or else by `models`: one of them is given.
 */
export interface BedrockOptions extends CommonOptions {
  /**
   * Ids or ARNs of the models and inference profiles that jobs may run on. For an inference profile
   * of an application, name the models behind it too.
   *
   * @default - those that `models` leads to
   */
  readonly modelIds?: readonly string[];
  /**
   * The role that Bedrock assumes for jobs. It must trust `bedrock.amazonaws.com`, and may read,
   * write and list `provider-files/*` of the handler's bucket.
   *
   * @default - one is created
   */
  readonly jobRole?: iam.IRole | iam.Role;
  /**
   * Where jobs run.
   *
   * @default - the region of the stack
   */
  readonly region?: string;
  /**
   * Where the API is: https, or http on the machine itself.
   *
   * @default - the region's own
   */
  readonly baseUrl?: string;
}
