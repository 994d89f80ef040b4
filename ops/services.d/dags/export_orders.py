"""A DAG whose task runs for some seconds and returns rows, or fails if the run's configuration says so."""

import time
from datetime import datetime

from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, is_paused_upon_creation=False)
def export_orders():
    @task
    def collect(dag_run=None):
        time.sleep(2)
        if dag_run.conf.get("fail"):
            raise ValueError("as the configuration asked")
        return [{"day": dag_run.conf["day"], "id": number, "name": 'naïve "Ä"'} for number in (1, 2, 3)]

    collect()


export_orders()
