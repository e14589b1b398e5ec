#!/usr/bin/env bash
# Submits EcomSilverLayer, the silver stage as a Structured Streaming job, to a Spark cluster (docs/spark.md):
#   deploy/spark/submit_spark_job.sh --data /data/shop --bronze kafka://broker:9092/ecom_clickstream_raw
# Arguments are those of the application (--help lists them). The environment says where it runs:
#   SPARK_MASTER             spark://127.0.0.1:7077
#   SPARK_SUBMIT             spark-submit of SPARK_HOME, or of the pyspark package that PYSPARK_PYTHON has
#   SPARK_EXECUTOR_MEMORY    512m for the JVM; the tasks' memory is beside it
#   SPARK_CORES              2, of the whole cluster
#   SPARK_UI_PORT            4040
#   SPARK_EVENTS             a folder for the history server; empty: no event log
#   MILLRACE_ENVIRONMENT     an archive made by venv-pack that has the millrace package; empty: it is installed on
#                            each worker for PYSPARK_PYTHON
#   SPARK_SUBMIT_OPTIONS     further options of spark-submit
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

master=${SPARK_MASTER:-spark://127.0.0.1:7077}
python=${PYSPARK_PYTHON:-python3}
submit=${SPARK_SUBMIT:-}
if [[ -z $submit && -n ${SPARK_HOME:-} ]]; then submit=$SPARK_HOME/bin/spark-submit; fi
if [[ -z $submit ]]; then
    if ! home=$("$python" -c 'import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent)' 2>/dev/null); then
        echo "submit_spark_job: $python has no pyspark; set SPARK_HOME, or install it: $python -m pip install 'pyspark>=4.2'" >&2
        exit 2
    fi
    submit=$home/bin/spark-submit
fi

options=(
    --master "$master"
    --name EcomSilverLayer
    --conf "spark.executor.memory=${SPARK_EXECUTOR_MEMORY:-512m}"
    --conf "spark.cores.max=${SPARK_CORES:-2}"
    --conf "spark.ui.port=${SPARK_UI_PORT:-4040}"
)
if [[ -n ${SPARK_EVENTS:-} ]]; then
    options+=(--conf spark.eventLog.enabled=true --conf "spark.eventLog.dir=$SPARK_EVENTS")
fi
if [[ -n ${MILLRACE_ENVIRONMENT:-} ]]; then
    # The driver, which runs here, has no unpacked archive.
    options+=(--archives "$MILLRACE_ENVIRONMENT#millrace" --conf spark.pyspark.python=./millrace/bin/python
        --conf "spark.pyspark.driver.python=$python")
fi
# shellcheck disable=SC2086 # options are words
exec "$submit" "${options[@]}" ${SPARK_SUBMIT_OPTIONS:-} "$here/ecom_silver_layer.py" "$@"
