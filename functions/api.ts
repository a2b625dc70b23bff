import type { Context, LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { s3Client } from '../shared/aws/clients/s3.ts';
import { presigner } from '../shared/aws/presign.ts';
import { createApp } from '../shared/http/app.ts';
import { authenticateBy } from '../shared/http/authenticate.ts';
import type { HttpPorts } from '../shared/http/ports.ts';
import { type Compose, type Composition, composition } from './compose.ts';
import { answerEvent, MAX_BODY_BYTES } from './functionUrl.ts';
import { observed } from './observability.ts';

/** Answers the requests of the HTTP API, at a URL that anybody may call. */
export function createApi(compose: Compose) {
  let app: ReturnType<typeof createApp> | undefined;
  return (event: LambdaFunctionURLEvent, context: Context): Promise<LambdaFunctionURLResult> =>
    observed(context, () => {
      // Built once: it remembers the keys that it has read.
      app ??= createApp(portsOf(compose()));
      return answerEvent(event, app.fetch);
    });
}

export const handler = createApi(composition());

function portsOf({ dependencies, items, replaced }: Composition): HttpPorts {
  const { clock, log } = dependencies;
  return {
    ...dependencies,
    items,
    authenticate: authenticateBy({ items, clock, log }),
    // What is not in S3 has no URL of its own.
    presign: replaced.includes('objects') ? undefined : presigner(s3Client()),
    maxBodyBytes: MAX_BODY_BYTES,
    maxUnsignedBytes: MAX_BODY_BYTES,
  };
}
