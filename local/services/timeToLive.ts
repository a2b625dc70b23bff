import * as z from 'zod';
import type { StackResources } from '../template/resources.ts';
import { type Service, serviceError } from './service.ts';

const requestSchema = z.object({ TableName: z.string() });

/**
 * DescribeTimeToLive as the templates have it: the emulator says of every table that it has none. Nothing
 * expires in a local run, nor for some days in AWS.
 *
 * @returns the operation, by X-Amz-Target
 */
export function timeToLive(
  tables: readonly Pick<StackResources['tables'][number], 'name' | 'TimeToLiveSpecification'>[],
): Readonly<Record<string, Service>> {
  return {
    'DynamoDB_20120810.DescribeTimeToLive': ({ body }) => {
      const { TableName } = requestSchema.parse(JSON.parse(body));
      const table = tables.find(({ name }) => name === TableName);
      if (!table)
        return serviceError(
          400,
          'ResourceNotFoundException',
          `Requested resource not found: Table: ${TableName} not found`,
        );
      const { Enabled = false, AttributeName } = table.TimeToLiveSpecification ?? {};
      const description = Enabled
        ? { TimeToLiveStatus: 'ENABLED', AttributeName }
        : { TimeToLiveStatus: 'DISABLED' };
      return { status: 200, body: { TimeToLiveDescription: description } };
    },
  };
}
