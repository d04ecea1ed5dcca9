import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { describeLineage } from './lineage.suite.ts';

describeLineage('stand-in', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
