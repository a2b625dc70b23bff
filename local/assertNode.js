// JavaScript, not TypeScript: an older Node cannot even load the latter, let alone say why.
const MAJOR = 24;

const found = process.versions.node;
if (Number(found.split('.')[0]) < MAJOR) {
  process.stderr.write(
    `Node ${MAJOR} or newer is needed, this is ${found}: run "npm ci" without ignore-scripts, which brings it along, or install it\n`,
  );
  process.exit(2);
}
