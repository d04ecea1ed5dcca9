/** The workflow of most rows of the seed; its DAG has the same name. */
export const WORKFLOW_ID = 'ibkr_trading_signal_workflow';
/** Of the charts drawn from quotes: MLflow has no run of it. */
export const QUOTES_EXECUTION = '2013-03-01 21:05:00.000000+00:00';
/** Of artifact 24 and its siblings. */
export const TSLA_EXECUTION = '2025-11-15 13:54:31.981650+00:00';
/** Its run carries Airflow's tags only. */
export const AIRFLOW_EXECUTION = 'scheduled__2025-11-14T22:00:00+00:00';
/** Its run carries no tag, only a parameter. */
export const PARAM_EXECUTION = '2025-11-13 14:30:00+00:00';
