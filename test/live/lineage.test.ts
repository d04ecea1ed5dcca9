import { describeLineage } from '../worker/lineage.suite.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeLineage('MLflow', openLiveMlflow);
