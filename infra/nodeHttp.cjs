/**
 * Stands for `node:http` in the functions' bundles. An import of `node:http` reads each of its exports once,
 * and one of them loads all of undici, which takes a sixth of a cold start. Nothing is read here:
 * `lazyUndici` in https://github.com/nodejs/node/blob/v24.x/lib/http.js
 */
module.exports = process.getBuiltinModule('node:http');
