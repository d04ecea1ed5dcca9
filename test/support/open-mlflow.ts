import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import type { OpenMlflow } from './lineage-stack.ts';
import { liveVariable } from './live-variable.ts';
import { isLive } from './project.ts';

/**
 * A tracking server: a stand-in of the caller's own, or the MLflow that all suites share; what they
 * make there has names of its own.
 */
export async function openMlflow(): Promise<OpenMlflow> {
  if (isLive) return { url: liveVariable('LIVE_MLFLOW_URL'), close: async () => {} };
  return startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 });
}
