// dynalite has no types. These are the ones that the local run needs.
declare module 'dynalite' {
  import type { Server } from 'node:http';
  export default function dynalite(options: {
    /** The directory of the LevelDB store. */
    path: string;
    /** How long a new table has the status CREATING. */
    createTableMs: number;
  }): Server;
}
