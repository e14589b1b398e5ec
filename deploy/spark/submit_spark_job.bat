@echo off
rem Submits EcomSilverLayer, the silver stage as a Structured Streaming job, to a Spark cluster (docs/spark.md):
rem   deploy\spark\submit_spark_job.bat --data /data/shop --bronze kafka://broker:9092/ecom_clickstream_raw
rem The package millrace runs on Linux, so the driver does, too: this script asks the cluster to start it
rem (SPARK_MASTER is the address of a cluster that takes drivers, such as spark://master:6066 or yarn).
setlocal
if "%SPARK_HOME%"=="" (
  echo submit_spark_job: SPARK_HOME is not set; set it to the folder of Spark 4.2 or newer 1>&2
  exit /b 2
)
if "%SPARK_MASTER%"=="" set SPARK_MASTER=spark://127.0.0.1:7077
if "%SPARK_EXECUTOR_MEMORY%"=="" set SPARK_EXECUTOR_MEMORY=512m
if "%SPARK_CORES%"=="" set SPARK_CORES=2
call "%SPARK_HOME%\bin\spark-submit.cmd" --master %SPARK_MASTER% --deploy-mode cluster --name EcomSilverLayer ^
  --conf spark.executor.memory=%SPARK_EXECUTOR_MEMORY% --conf spark.cores.max=%SPARK_CORES% ^
  %SPARK_SUBMIT_OPTIONS% "%~dp0ecom_silver_layer.py" %*
exit /b %ERRORLEVEL%
