import type { PgliteClient } from './pglite-client.ts';

const CHECKPOINT_AFTER_BYTES = 16 * 1024 * 1024;
const LOG_LENGTH = 'select pg_current_wal_insert_lsn() - redo_lsn as bytes from pg_control_checkpoint()';
/** As autovacuum would, of our tables. */
const DEAD_ROWS = `select quote_ident(relname) as name from pg_stat_user_tables
  where n_dead_tup > 200 + n_live_tup / 5 order by n_dead_tup desc`;

/**
 * What a server's checkpointer and autovacuum do, neither of which a single session has: without it the log would
 * only grow, and with it the time that a start takes after a crash, and tables would keep all that was deleted.
 */
export async function keepUp(client: PgliteClient): Promise<void> {
  const [table] = (await client.query(DEAD_ROWS)).rows;
  // One at a time: the process does nothing else meanwhile.
  if (table) await client.query(`vacuum (truncate false) ${table.name}`);
  const [log] = (await client.query(LOG_LENGTH)).rows;
  if (Number(log?.bytes) > CHECKPOINT_AFTER_BYTES) await client.query('checkpoint');
}
