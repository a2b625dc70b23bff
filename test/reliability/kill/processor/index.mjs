/** A processor that reads the rows, leaves a trace of its effect and fails the first time. */
export async function handler({ batchId, deliveryId, deliveryAttempt, results }) {
  const bucket = `${process.env.AWS_ENDPOINT_URL_S3}/${results.bucket}`;
  const rows = await request(`${bucket}/${results.key}`);
  const key = `effects/${batchId}/${deliveryId}/${deliveryAttempt}`;
  await request(`${bucket}/${key}`, { method: 'PUT', body: await rows.text() });
  if (deliveryAttempt === 1) throw new Error('the processor fails the first time');
}

async function request(url, options) {
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}
