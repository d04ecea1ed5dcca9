import { describeLineageAccess } from '../worker/lineage-access.suite.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeLineageAccess('MLflow', openLiveMlflow);
