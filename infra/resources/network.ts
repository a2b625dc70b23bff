import { Annotations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../configurationError.ts';

/** Where the functions have their network interfaces. */
export interface Network {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups: ec2.ISecurityGroup[];
}

/** The props about the network, as users give them. */
interface NetworkProps {
  readonly vpc?: ec2.IVpc | ec2.Vpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups?: readonly (ec2.ISecurityGroup | ec2.SecurityGroup)[];
}

/**
 * Where the functions run, with one security group for all unless there are others, and an info about
 * what they have to reach.
 *
 * @returns undefined without `vpc`
 * @throws ConfigurationError for subnets or security groups without their VPC, and for public subnets
 */
export function networkOf(
  scope: Construct,
  { vpc, vpcSubnets, securityGroups }: NetworkProps,
): Network | undefined {
  if (vpc === undefined) {
    const [prop] = Object.entries({ vpcSubnets, securityGroups }).find(([, value]) => value) ?? [];
    if (prop !== undefined)
      throw new ConfigurationError(`${prop} is given without vpc: give the VPC that it is of, too`);
    return undefined;
  }
  // CDK's own error names a prop of its functions, which the handler does not have.
  if (vpcSubnets && vpc.selectSubnets(vpcSubnets).hasPublic)
    throw new ConfigurationError(
      'vpcSubnets selects public subnets, from which functions cannot reach the internet: select private subnets with a route to NAT or to endpoints',
    );
  Annotations.of(scope).addInfoV2(
    'batch-handler:vpc',
    'The functions run in a VPC: they have to reach DynamoDB and S3 (gateway endpoints), SQS, Lambda, EventBridge, Secrets Manager and, with tracing, X-Ray (interface endpoints or NAT), and the hosts of the providers (NAT). docs/security.md has the list.',
  );
  const own = () =>
    new ec2.SecurityGroup(scope, 'SecurityGroup', {
      vpc: vpc as ec2.IVpc,
      description: 'The functions of a Batch Handler: nothing comes in',
    });
  return {
    vpc: vpc as ec2.IVpc,
    ...(vpcSubnets && { vpcSubnets }),
    securityGroups: [...(securityGroups ?? [own()])] as ec2.ISecurityGroup[],
  };
}

/**
 * Lets Lambda manage the network interfaces of a function, and denies the same to the function's code.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
export function allowNetwork(role: iam.Role): void {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  role.addToPolicy(new iam.PolicyStatement({ actions, resources: ['*'] }));
  // Only calls of the code have this key, which names its function.
  const conditions = { Null: { 'lambda:SourceFunctionArn': 'false' } };
  const denied = { effect: iam.Effect.DENY, actions, resources: ['*'], conditions };
  role.addToPolicy(new iam.PolicyStatement(denied));
}
