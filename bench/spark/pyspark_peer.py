"""The peer of the bench in PySpark: an EWMA per series with applyInPandasWithState, one JSON record
per sample, as users write it today. Arguments: brokers, topic, checkpoint, jars, rows per batch.
Set up: python3 -m venv V; V/bin/pip install pyspark==4.2.0 'pandas<3' pyarrow protobuf
"""
import json
import sys
import time

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json
from pyspark.sql.streaming.state import GroupStateTimeout

brokers, topic, checkpoint, jars, rows = sys.argv[1:6]
spark = (
    SparkSession.builder.master("local[2,4]")
    .config("spark.jars", jars)
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "2g")
    .config("spark.sql.shuffle.partitions", "4")
    .config("spark.sql.adaptive.enabled", "false")
    .config(
        "spark.sql.streaming.stateStore.providerClass",
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
    )
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")


def ewma(key, frames, state):
    mean, variance = state.get if state.exists else (0.0, 0.0)
    outliers = []
    for frame in frames:
        for value in frame.sort_values("timestamp")["value"].astype(float):
            delta = value - mean
            if delta * delta > 16 * variance and variance > 0 and delta > 1e12:
                outliers.append(value)
            mean += 0.1 * delta
            variance = 0.9 * (variance + 0.1 * delta * delta)
    state.update((mean, variance))
    yield pd.DataFrame({"labels": [key[0]] * len(outliers), "value": outliers})


records = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", brokers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", rows)
    .load()
    .select(
        from_json(
            col("value").cast("string"), "labels STRING, name STRING, timestamp STRING, value STRING"
        ).alias("record")
    )
    .select("record.*")
)
outliers = records.groupBy("labels").applyInPandasWithState(
    ewma, "labels STRING, value DOUBLE", "mean DOUBLE, variance DOUBLE", "append",
    GroupStateTimeout.NoTimeout,
)
query = (
    outliers.writeStream.format("noop")
    .option("checkpointLocation", checkpoint)
    .outputMode("append")
    .trigger(availableNow=True)
    .start()
)
told = -1
total = 0
while True:
    active = query.isActive
    for progress in query.recentProgress:
        if progress["batchId"] > told:
            told = progress["batchId"]
            total += progress["numInputRows"]
            print(json.dumps({"event": "progress", "records": total}), flush=True)
    if not active:
        break
    time.sleep(0.05)
if query.exception():
    print(query.exception(), file=sys.stderr)
    sys.exit(1)
