// This is JavaScript because an older Node cannot load TypeScript to report its own version.
const MAJOR = 24;

const found = process.versions.node;
if (Number(found.split('.')[0]) < MAJOR) {
  process.stderr.write(
    `Node ${MAJOR} or newer is required, but this is ${found}: run "npm ci" without ignore-scripts, which installs it, or install it yourself\n`,
  );
  process.exit(2);
}
