import type { HandlerConnection } from '../client/connection.ts';
import type { Finding } from './check.ts';
import { diagnose } from './doctor.ts';

/**
 * What the doctor finds of a handler, wherever that runs.
 *
 * @param now milliseconds since 1970
 */
export async function* findingsOf(
  connection: HandlerConnection,
  now: () => number,
): AsyncGenerator<Finding> {
  const { aws } = connection;
  if (aws === undefined) {
    const { PROCESS_CHECKS, processDoctorContext } = await import('./processDoctor.ts');
    return yield* diagnose(processDoctorContext(connection, now), PROCESS_CHECKS);
  }
  // Imported here, because it loads the SDKs of AWS and of the providers.
  const { AWS_CHECKS, awsDoctorContext } = await import('./awsDoctor.ts');
  yield* diagnose(awsDoctorContext(connection, aws, now), AWS_CHECKS);
}
