import { NO_USAGE, sumUsage, type Usage } from '../batch/job.ts';
import { ACCOUNT_ROW_CODE, type Standing } from '../batch/ledger.ts';
import { type Reason, shortReason } from '../batch/reason.ts';
import { type ResultRow, usageOfRow } from './rows.ts';

/** What all rows of a job say together. */
export class Tally {
  /** Tokens of all rows: they are paid for, whatever they say. */
  usage: Usage = NO_USAGE;
  /** Whether every success tells its tokens. */
  isMetered = true;
  /** The first row that says that the account was refused. */
  accountRefusal: Reason | undefined;

  add(row: Partial<ResultRow>, standing: Standing): void {
    const used = usageOfRow(row);
    if (used) this.usage = sumUsage(this.usage, used);
    else if (standing === 'succeeded') this.isMetered = false;
    const { error } = row;
    if (error?.code === ACCOUNT_ROW_CODE)
      this.accountRefusal ??= shortReason(error.code, error.message);
  }
}
