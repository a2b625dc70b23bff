import './assertNode.js';
import { main } from './main.ts';

await main(process.argv.slice(2), 'npm start --');
