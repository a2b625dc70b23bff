// What a CDK app that is compiled to CommonJS does.
const { BatchHandler } = require('batch-handler');
const { defineProcessor } = require('batch-handler/processor');
const { createClient } = require('batch-handler/client');

process.stdout.write([BatchHandler, defineProcessor, createClient].map((it) => typeof it).join());
