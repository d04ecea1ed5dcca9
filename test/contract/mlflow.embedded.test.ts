import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { describeMlflow } from './mlflow.contract.ts';

describeMlflow('embedded', () =>
  startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 }),
);
