// dynalite ships no types: this is the part that the local run uses.
declare module 'dynalite' {
  import type { Server } from 'node:http';
  export default function dynalite(options: {
    /** Directory of the LevelDB store. */
    path: string;
    /** How long tables stay in CREATING, in milliseconds. */
    createTableMs: number;
  }): Server;
}
