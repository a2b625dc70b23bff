import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  cloudFormationService,
  type DeployedStack,
} from '../../../local/services/cloudFormationService.ts';
import { type Gateway, startGateway } from '../../../local/services/gateway.ts';
import type { AwsAccess } from '../../../shared/aws/clients/base.ts';
import { removalFacts } from '../../../shared/operations/removal.ts';
import { clientSettings } from '../../support/emulators.ts';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await startGateway(0);
});
afterEach(() => gateway.stop());

const RESOURCES = {
  Kept: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' },
  Policy: { Type: 'AWS::S3::BucketPolicy', DeletionPolicy: 'Retain' },
  Logs: { Type: 'AWS::Logs::LogGroup', DeletionPolicy: 'RetainExceptOnCreate' },
  Queue: { Type: 'AWS::SQS::Queue' },
  Full: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Delete' },
  Emptied: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Delete' },
  Emptying: {
    Type: 'Custom::S3AutoDeleteObjects',
    DeletionPolicy: 'Delete',
    Properties: { BucketName: { Ref: 'Emptied' } },
  },
};

it('a removal keeps resources, and fails at a bucket with files that nothing empties', async () => {
  const resources = Object.entries(RESOURCES).map(([logicalId, { Type: type }]) => ({
    ...{ logicalId, physicalId: logicalId.toLowerCase(), type },
  }));
  const stack: DeployedStack = {
    ...{ stackName: 'Test', stackId: 'id', deployedAt: new Date(0).toISOString(), outputs: [] },
    template: { Resources: RESOURCES } as unknown as DeployedStack['template'],
    resources,
  };
  gateway.route({ services: { cloudformation: cloudFormationService([stack]) }, upstreams: {} });

  const facts = await removalFacts(clientSettings(gateway.url) as AwsAccess, 'Test');

  expect(facts.kept.map(({ command }) => command)).toEqual([
    'aws s3 rb s3://kept --force',
    'aws logs delete-log-group --log-group-name logs',
  ]);
  expect(facts.toEmpty).toEqual([
    { type: 'AWS::S3::Bucket', id: 'full', command: 'aws s3 rm s3://full --recursive' },
  ]);
});
