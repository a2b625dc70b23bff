import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** Where the example processor writes. */
const PREFIX = 'processed/';

/** URLs of what processors wrote for a batch. */
export async function listProcessed(
  s3: S3Client,
  bucket: string,
  batchId: string,
): Promise<readonly string[]> {
  const urls: string[] = [];
  // The id stands alone in the key: "a-1" is not in "a-12".
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: PREFIX },
  ))
    for (const { Key: key = '' } of Contents)
      if (
        key
          .slice(PREFIX.length)
          .split('/')
          .some((part) => part === batchId || part.startsWith(`${batchId}.`))
      )
        urls.push(`s3://${bucket}/${key}`);
  return urls;
}
