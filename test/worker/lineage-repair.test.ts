import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { describeLineageRepair } from './lineage-repair.suite.ts';

describeLineageRepair('stand-in', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
