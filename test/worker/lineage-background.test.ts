import { startMlflowServer } from '../../stand-in/mlflow/mlflow-server.ts';
import { describeLineageBackground } from './lineage-background.suite.ts';

describeLineageBackground('stand-in', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
