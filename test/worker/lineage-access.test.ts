import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { describeLineageAccess } from './lineage-access.suite.ts';

describeLineageAccess('stand-in', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
