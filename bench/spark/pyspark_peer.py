"""The peers of the bench in PySpark: an EWMA per series, as users write it today. Arguments: form,
brokers, topic, checkpoint, jars, records per batch. Forms, of which the first two read one JSON
record per sample and keep one state per series:

pandas     applyInPandasWithState
transform  transformWithStateInPandas
numpy      applyInPandasWithState by partition over records of packed samples: an expert's way
"""
import json
import sys
import time

import numpy as np
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json
from pyspark.sql.streaming import StatefulProcessor
from pyspark.sql.streaming.state import GroupStateTimeout

form, brokers, topic, checkpoint, jars, rows = sys.argv[1:7]
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
output = "labels STRING, value DOUBLE"
kept = "mean DOUBLE, variance DOUBLE"


def run(frames, mean, variance):
    """Mean, variance and outliers after the samples of one series."""
    outliers = []
    for frame in frames:
        for value in frame.sort_values("timestamp")["value"].astype(float):
            delta = value - mean
            if delta * delta > 16 * variance and variance > 0 and delta > 1e12:
                outliers.append(value)
            mean += 0.1 * delta
            variance = 0.9 * (variance + 0.1 * delta * delta)
    return mean, variance, outliers


def ewma(key, frames, state):
    before = state.get if state.exists else (0.0, 0.0)
    mean, variance, outliers = run(frames, *before)
    state.update((mean, variance))
    yield pd.DataFrame({"labels": [key[0]] * len(outliers), "value": outliers})


class Ewma(StatefulProcessor):
    def init(self, handle):
        self.state = handle.getValueState("state", kept)

    def handleInputRows(self, key, rows, timerValues):
        before = self.state.get() if self.state.exists() else (0.0, 0.0)
        mean, variance, outliers = run(rows, *before)
        self.state.update((mean, variance))
        # An empty column of texts ends the worker with a newer pyarrow.
        if outliers:
            yield pd.DataFrame({"labels": [key[0]] * len(outliers), "value": outliers})

    def close(self):
        pass


sample = np.dtype([("series", "<u4"), ("time", "<i8"), ("value", "<f8")])


def by_partition(key, frames, state):
    """Within a record every series is there once at most: whole records at a time."""
    mean, variance = (np.frombuffer(b).copy() for b in state.get) if state.exists else (np.zeros(0),) * 2
    outliers = []
    for frame in frames:
        for value in frame.sort_values("offset")["value"]:
            block = np.frombuffer(value, dtype=sample)
            at = block["series"]
            missing = int(at.max()) + 1 - len(mean)
            if missing > 0:
                mean, variance = (np.concatenate([a, np.zeros(missing)]) for a in (mean, variance))
            delta = block["value"] - mean[at]
            far = (delta * delta > 16 * variance[at]) & (variance[at] > 0) & (delta > 1e12)
            outliers.extend(block["value"][far])
            mean[at] += 0.1 * delta
            variance[at] = 0.9 * (variance[at] + 0.1 * delta * delta)
    state.update((mean.tobytes(), variance.tobytes()))
    yield pd.DataFrame({"labels": [""] * len(outliers), "value": outliers})


source = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", brokers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", rows)
    .load()
)
if form == "numpy":
    grouped = source.select("partition", "offset", "value").groupBy("partition")
    outliers = grouped.applyInPandasWithState(
        by_partition, output, "mean BINARY, variance BINARY", "append", GroupStateTimeout.NoTimeout
    )
else:
    fields = "labels STRING, name STRING, timestamp STRING, value STRING"
    record = from_json(col("value").cast("string"), fields).alias("record")
    grouped = source.select(record).select("record.*").groupBy("labels")
    if form == "pandas":
        outliers = grouped.applyInPandasWithState(
            ewma, output, kept, "append", GroupStateTimeout.NoTimeout
        )
    else:
        outliers = grouped.transformWithStateInPandas(
            statefulProcessor=Ewma(), outputStructType=output, outputMode="Append", timeMode="None"
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
