// What a CDK app that is compiled to CommonJS does.
const { BatchHandler } = require('batch-handler');
const { defineProcessor } = require('batch-handler/processor');
const { createClient } = require('batch-handler/client');
const { createBatchHandler } = require('batch-handler/in-process');
const { batchStoreContract } = require('batch-handler/testing');

process.stdout.write(
  [BatchHandler, defineProcessor, createClient, createBatchHandler, batchStoreContract]
    .map((it) => typeof it)
    .join(),
);
