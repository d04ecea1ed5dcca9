import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { describeLineageChoice } from './lineage-choice.suite.ts';

describeLineageChoice('stand-in', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
