import { describeLineageCrowd } from '../worker/lineage-crowd.suite.ts';
import { openLiveMlflow } from './live-mlflow.ts';

describeLineageCrowd('MLflow', openLiveMlflow);
