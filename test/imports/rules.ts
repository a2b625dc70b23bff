export interface ImportRule {
  /**
   * What the folder may import besides itself: folders, files and packages, with a space between.
   * `node` stands for all of Node's modules, `@scope` for every package of a scope, `*` for anything.
   */
  readonly may: string;
  readonly why: string;
}

const PROVIDER =
  'shared/batch shared/jsonl shared/providers/download.ts shared/providers/errors.ts shared/providers/http.ts shared/providers/listing.ts shared/providers/provider.ts shared/providers/settings.ts shared/providers/translation node zod';
const KIND = 'a function loads only the provider that it uses, with its SDK';
const SETTINGS = 'the construct and the functions share it, and it has to load without any SDK';
const LOCAL =
  'shared/aws shared/batch shared/client shared/config.ts shared/handlerMetadata.ts shared/package.ts shared/providers/kinds.ts shared/providers/settings.ts shared/settings.ts shared/stores shared/terminal.ts simulators @aws-sdk aws-lambda commander dynalite fauxqs node zod';
const CLI =
  'inProcess/openDirectory.ts shared/batch shared/client shared/console/report.ts shared/operations shared/package.ts shared/quota/waitingText.ts shared/settings.ts shared/terminal.ts commander node pretty-bytes';

/**
 * Which folder or file may import what. Of several that contain a file, the longest path counts.
 * Everything may import `shared/omitUndefined.ts` and `shared/invalid`. docs/architecture.md is tested against this table.
 */
export const IMPORT_RULES: Readonly<Record<string, ImportRule>> = {
  'shared/batch': {
    may: 'zod',
    why: 'the domain is pure, so that it can be tested and simulated without any service',
  },
  'shared/quota': {
    may: 'shared/batch zod',
    why: 'what a provider can take is part of the domain, and as pure',
  },
  'shared/jsonl': {
    may: 'shared/batch node',
    why: 'it streams files for workers and processors, whatever the provider and the store',
  },
  'shared/jsonl/requestScan/build.ts': {
    may: 'assemblyscript node',
    why: 'it is run by hand and by a test, and no other code loads the compiler',
  },
  'shared/tokens': {
    may: 'gpt-tokenizer',
    why: 'the tokenizer is large and is loaded only where tokens are counted',
  },
  'shared/collector': {
    may: 'shared/batch shared/jsonl shared/metrics.ts shared/usecases/dependencies.ts shared/usecases/logFields.ts shared/usecases/smallObjects.ts node p-map zod',
    why: 'it holds the domain and the use cases of one feature, and no adapter',
  },
  'shared/usecases': {
    may: 'shared/batch shared/collector shared/jsonl shared/metrics.ts shared/providers/provider.ts shared/providers/wrapCalls.ts shared/quota node p-map zod',
    why: 'use cases know the domain and the ports, never an adapter',
  },
  'shared/providers': {
    may: 'shared/batch shared/jsonl @pydantic/genai-prices node node-fetch zod',
    why: 'providers know the domain and HTTP, and each SDK stays in the folder of its kind',
  },
  'shared/providers/openai': { may: `${PROVIDER} openai`, why: KIND },
  'shared/providers/compatible': { may: `${PROVIDER} shared/providers/openai`, why: KIND },
  'shared/providers/azure': { may: `${PROVIDER} shared/providers/openai openai`, why: KIND },
  'shared/providers/anthropic': {
    may: `${PROVIDER} @anthropic-ai/sdk @aws-sdk/credential-provider-node @smithy/signature-v4`,
    why: KIND,
  },
  'shared/providers/bedrock': {
    may: `${PROVIDER} @aws-sdk/client-bedrock @aws-sdk/client-s3`,
    why: KIND,
  },
  'shared/providers/google': { may: PROVIDER, why: KIND },
  'shared/providers/gemini': { may: `${PROVIDER} shared/providers/google`, why: KIND },
  'shared/providers/mistral': { may: `${PROVIDER} shared/providers/openai`, why: KIND },
  'shared/providers/together': { may: `${PROVIDER} shared/providers/openai`, why: KIND },
  'shared/providers/vertex': {
    may: `${PROVIDER} shared/providers/google google-auth-library`,
    why: KIND,
  },
  'shared/providers/xai': {
    may: `${PROVIDER} shared/providers/google shared/providers/openai`,
    why: KIND,
  },
  'shared/providers/translation': {
    may: 'shared/batch shared/jsonl shared/providers/provider.ts shared/providers/settings.ts @anthropic-ai/sdk node zod',
    why: 'it turns one format into another, JSON schemas for Claude by its SDK, and calls no provider',
  },
  'shared/stores': {
    may: 'shared/batch shared/collector shared/config.ts shared/quota node zod',
    why: 'it keeps the state of the handler in one table, whatever the database',
  },
  'shared/aws': {
    may: 'shared/batch shared/collector shared/config.ts shared/stores/itemTable.ts @aws-sdk node zod',
    why: 'it implements the ports on AWS',
  },
  'shared/processor': {
    may: 'shared/aws shared/batch shared/jsonl shared/stores @aws-sdk aws-lambda node zod',
    why: "it is bundled into users' functions and has to stay small",
  },
  'shared/client': {
    may: 'shared/aws/clients/base.ts shared/batch shared/handlerMetadata.ts shared/jsonl shared/quota shared/stores node p-map zod',
    why: 'the client library knows the domain and the ports, and loads no AWS SDK for a handler without AWS',
  },
  'shared/client/awsConnection.ts': {
    may: 'shared/aws shared/batch shared/client shared/handlerMetadata.ts shared/stores @aws-sdk',
    why: 'it connects the ports of the client to AWS, and is loaded for a handler in AWS only',
  },
  'shared/operations': {
    may: 'shared @aws-sdk @google-cloud/vertexai node zod',
    why: 'what an operator does is built on the client library, use cases and providers',
  },
  'shared/config.ts': {
    may: '',
    why: 'users bundle it with their processors, so it holds names only',
  },
  'shared/settings.ts': {
    may: 'shared/batch shared/collector/contract.ts shared/providers/kinds.ts zod',
    why: SETTINGS,
  },
  'shared/handlerMetadata.ts': { may: 'zod', why: SETTINGS },
  'shared/http': {
    may: 'shared/batch shared/client/parts.ts shared/jsonl shared/providers/provider.ts shared/quota shared/stores shared/usecases @fastify/busboy @hono/node-server hono node zod',
    why: 'it serves the use cases over HTTP on ports, whatever its host',
  },
  'shared/console': {
    may: 'shared/batch shared/client shared/http shared/jsonl shared/operations shared/providers shared/quota shared/settings.ts shared/stores shared/tokens shared/usecases @hono/node-server @hono/zod-validator hono node p-map pretty-bytes zod',
    why: 'it does what the client library and the operations do, over HTTP on the loopback, and is in no function',
  },
  'shared/invalid': {
    may: 'zod',
    why: 'everything may import it, so it uses only the types of zod, which load nothing',
  },
  'shared/metrics.ts': { may: '', why: SETTINGS },
  'shared/omitUndefined.ts': { may: '', why: 'everything may import it' },
  'shared/package.ts': { may: 'node', why: 'it only finds files of the package' },
  'shared/system.ts': {
    may: 'shared/batch shared/tokens/fileEstimator.ts node',
    why: 'it is the clock and the chance of every host of the use cases',
  },
  'shared/terminal.ts': { may: 'node string-width', why: 'it lays out text and knows no batch' },
  functions: {
    may: 'shared @aws-lambda-powertools @aws-sdk aws-lambda node zod',
    why: 'what is deployed contains nothing of the construct, the local run or the tests',
  },
  inProcess: {
    may: 'shared/batch shared/client shared/invalid shared/jsonl shared/omitUndefined.ts shared/package.ts shared/processor shared/providers shared/quota shared/settings.ts shared/stores shared/system.ts shared/usecases node zod',
    why: 'it runs the use cases in one process, on SQLite and files, and loads no AWS SDK',
  },
  infra: {
    may: 'shared/config.ts shared/handlerMetadata.ts shared/metrics.ts shared/package.ts shared/providers/kinds.ts shared/providers/settings.ts shared/settings.ts aws-cdk-lib constructs esbuild node zod',
    why: 'the construct takes the functions as bundles, and shares names and settings only',
  },
  simulators: {
    may: '@aws-sdk/client-s3 @aws-sdk/lib-storage @fastify/busboy node standardwebhooks zod',
    why: "a simulator follows the provider's documentation, not the code that it tests",
  },
  'simulators/memory': {
    may: 'shared/batch shared/collector shared/quota shared/stores/itemTable.ts shared/stores/tenantQueues.ts node',
    why: 'it holds the ports of the domain in memory, for tests and the benchmark',
  },
  testing: {
    may: 'shared/batch shared/collector shared/quota shared/stores/itemTable.ts shared/stores/onceRecords.ts node',
    why: 'a contract knows the ports and no implementation, and any test runner can drive it',
  },
  local: {
    may: `${LOCAL} shared/operations/serve.ts`,
    why: 'the local run executes the synthesized stack and the bundles, and imports neither',
  },
  'local/console.ts': {
    may: `local ${LOCAL} cli/explain.ts cli/hints.ts shared/operations/serve.ts`,
    why: 'the console of a local run says commands and errors as the command line does',
  },
  cli: { may: CLI, why: 'the command line is built on the client library and on operations' },
  'cli/commands/local.ts': {
    may: `cli ${CLI} local/main.ts`,
    why: 'one command starts the local run',
  },
  console: {
    may: 'shared/batch shared/client shared/console shared/operations shared/quota @tanstack hono pretty-bytes react react-dom recharts wouter',
    why: 'it is the page that a browser loads: of shared it takes types and pure values',
  },
  'console/build.ts': {
    may: 'infra/replaceDirectory.ts @vitejs/plugin-react node vite',
    why: 'it builds the page',
  },
  bench: {
    may: 'inProcess infra/bundles.ts local shared simulators @aws-sdk node p-map',
    why: 'it measures what deploys: bundles and shared code, and no fakes of the tests',
  },
  examples: {
    may: 'batch-handler @aws-sdk aws-cdk-lib aws-lambda csv-stringify node openai pg',
    why: "an example shows what users can import: the package's public entries",
  },
  test: { may: '*', why: 'a test may import everything' },
  'vitest.config.ts': { may: 'node vitest', why: 'it configures the test runner' },
};
