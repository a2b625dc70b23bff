import type { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';

/**
 * The command, its signature made without a digest of the body: TLS and the checksum that S3 holds
 * the body against keep it whole, and a second digest costs as much as all else that is done with
 * the bytes. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function unsignedPayload<Command extends PutObjectCommand | UploadPartCommand>(
  command: Command,
): Command {
  // One of the two, since neither's own type takes what both have.
  (command as UploadPartCommand).middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'unsignedPayload' },
  );
  return command;
}
