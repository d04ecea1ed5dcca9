import { sql, type SQL } from 'drizzle-orm';

/** The texts for `in …`, as one parameter, however many they are. */
export function listOf(texts: readonly string[]): SQL {
  return sql`(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
}
