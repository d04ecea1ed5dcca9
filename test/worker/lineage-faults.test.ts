import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { describeLineageFaults } from './lineage-faults.suite.ts';

describeLineageFaults('stand-in', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
