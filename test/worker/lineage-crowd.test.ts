import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { describeLineageCrowd } from './lineage-crowd.suite.ts';

describeLineageCrowd('stand-in', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
