const VERTEX = { kind: 'vertex-ai', project: 'my-project', location: 'us-central1' };

/** Entries of cdk.json, one or two of each kind, with as much as they must have. */
export const EVERY_KIND = {
  openai: { kind: 'openai' },
  compatible: { kind: 'openai-compatible', baseUrl: 'https://llm.example/v1' },
  azure: { kind: 'azure-openai', baseUrl: 'https://name.openai.azure.com' },
  'azure-entra': {
    kind: 'azure-openai',
    baseUrl: 'https://name.openai.azure.com',
    entraId: { tenantId: 'my-tenant', clientId: 'my-application' },
  },
  anthropic: { kind: 'anthropic' },
  vertex: { ...VERTEX, store: { type: 'gcs', bucket: 'my-bucket' } },
  'vertex-keyless': {
    ...VERTEX,
    store: { type: 'bigquery', inputDataset: 'inputs', outputDataset: 'outputs' },
    workloadIdentity: { audience: '//iam.googleapis.com/pool', serviceAccount: 'me@my-project' },
  },
  bedrock: {
    kind: 'bedrock',
    modelIds: ['amazon.nova-lite-v1:0', 'us.anthropic.claude-haiku-4-5-20251001-v1:0'],
  },
  gemini: { kind: 'gemini' },
  mistral: { kind: 'mistral' },
  xai: { kind: 'xai' },
  together: { kind: 'together' },
};
