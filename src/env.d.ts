/**
 * Bindings of wrangler.toml that are not plain variables; variables are read by `config.ts` alone.
 */
interface Env {
  readonly RENDER_GATE: DurableObjectNamespace;
  readonly DATA_LIMIT?: RateLimit;
  readonly WORK_LIMIT?: RateLimit;
}
