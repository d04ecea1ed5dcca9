import { AwsClient } from 'aws4fetch';
import { PlainError } from '../../stand-in/plain-error.ts';

const DEADLINE_MS = 10_000;
/** SHA-256 of nothing. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Makes the bucket unless it is there. Throws `PlainError` with what to do. */
export async function ensureBucket(
  s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string },
  bucket: string,
): Promise<void> {
  const client = new AwsClient({ ...s3, service: 's3', retries: 0 });
  const ask = async (method: string) => {
    const headers = { 'x-amz-content-sha256': EMPTY_SHA256 };
    const request = await client.sign(`${s3.endpoint}/${bucket}`, { method, headers });
    return fetch(request, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS) }).catch(
      (error: unknown) => {
        const reason = error instanceof Error ? error.name : 'unknown';
        throw new PlainError(
          `The object store at ${s3.endpoint} does not answer (${reason}): start it, or change MINIO_ENDPOINT.`,
        );
      },
    );
  };
  if ((await ask('HEAD')).ok) return;
  const made = await ask('PUT');
  if (made.ok || made.status === 409) return;
  throw new PlainError(
    `The bucket "${bucket}" is not there and cannot be made (HTTP ${made.status}): check MINIO_ACCESS_KEY, MINIO_SECRET_KEY and MINIO_REGION.`,
  );
}
