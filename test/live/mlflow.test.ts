import { describeMlflow } from '../contract/mlflow.contract.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeMlflow('MLflow', openLiveMlflow);
