"""Kafka: a topic into silver, beside Spark and a plain reader; producing, beside Kafka's own tool; freshness; memory.

The broker runs on the same machine. Its CPU time is reported apart.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import freshness
from measure import MILLRACE, ROOT, WORK, clear, in_turn, middle, produce, set_aside, timed

sys.path.insert(0, str(ROOT))
from scripts import stack

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
TOPIC = "bench"
TICK = os.sysconf("SC_CLK_TCK")


def fill(data):
    """A new broker with a topic that has the records of the embedded log in `data`."""
    kafka = stack.Kafka(WORK / "kafka", stack.free_port()).start()
    kafka.tool("org.apache.kafka.tools.TopicCommand", "--create", "--topic", TOPIC, "--partitions", 3)
    records = subprocess.Popen([MILLRACE, "--data", data, "topic", "read", "--keys"], stdout=subprocess.PIPE)
    subprocess.run(
        [
            "kcat",
            "-P",
            "-b",
            kafka.address,
            "-t",
            TOPIC,
            "-K",
            "\t",
            "-X",
            "acks=all",
            "-X",
            "compression.codec=lz4",
            "-X",
            "partitioner=murmur2",
        ],
        stdin=records.stdout,
        check=True,
    )
    return kafka


def spark(kafka, *options):
    """From Kafka to Parquet by Spark Structured Streaming."""
    set_aside(WORK / "spark")
    return timed(
        [
            sys.executable,
            PEERS / "spark_silver.py",
            "--servers",
            kafka.address,
            "--topic",
            TOPIC,
            "--output",
            WORK / "spark" / "table",
            "--checkpoint",
            WORK / "spark" / "checkpoint",
            *options,
        ]
    )


def millrace(kafka):
    """From Kafka to the Delta table."""
    set_aside(WORK / "table")
    return timed(
        [
            MILLRACE,
            "--data",
            WORK / "table",
            "--bronze",
            f"kafka://{kafka.address}/{TOPIC}",
            "silver",
            "--available-now",
        ]
    )


def kcat(kafka):
    """Reads the topic only."""
    return timed(["sh", "-c", f"kcat -C -b {kafka.address} -t {TOPIC} -o beginning -e -q > {os.devnull}"])


def broker_cpu(kafka):
    """Seconds of CPU that the broker has used."""
    fields = pathlib.Path(f"/proc/{kafka.pid()}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def with_broker(kafka, run):
    before = broker_cpu(kafka)
    done = run(kafka)
    return {**done, "broker": broker_cpu(kafka) - before}


def drain(kafka, events, rounds):
    runs = in_turn(
        {"millrace": lambda: with_broker(kafka, millrace), "kcat (reads only)": lambda: with_broker(kafka, kcat)},
        rounds,
    )
    runs["spark"] = [with_broker(kafka, spark)]
    runs["millrace"].append(with_broker(kafka, millrace))
    result = {name: middle(done, events) for name, done in runs.items()}
    own = result["millrace"]
    print(f"\nfrom Kafka, {events:,} events; median of {rounds} runs each, in turn (Spark: one)\n")
    print(f"{'':24}{'rows/s':>12}{'µs CPU/event':>14}{'broker µs':>11}{'peak MiB':>10}   Millrace: rows/s, CPU")
    for name, peer in result.items():
        print(
            f"{name:24}{peer['rows_per_second']:12,.0f}{peer['us_per_event']:14.2f}"
            f"{peer['broker'] / events * 1e6:11.2f}"
            f"{peer['memory']:10,.0f}{own['rows_per_second'] / peer['rows_per_second']:12.2f}x "
            f"{peer['us_per_event'] / own['us_per_event']:5.1f}x less"
        )
    return result


def producing(kafka, events, rounds):
    """The simulator into a topic, acks=all, beside Kafka's own tool, whose payloads are made beforehand."""
    payloads = WORK / "payloads"
    sample = subprocess.run(
        [MILLRACE, "--data", WORK / "data", "topic", "read", "--partition", "0", "--limit", "10000"],
        check=True,
        capture_output=True,
    ).stdout
    payloads.write_bytes(b"\n".join(line for line in sample.split(b"\n") if line.isascii() and line))
    runs = {"millrace produce": [], "kafka-producer-perf-test": []}
    for turn in range(rounds):
        for name in runs:
            topic = f"produced-{turn}-{name.split()[0]}"
            kafka.tool("org.apache.kafka.tools.TopicCommand", "--create", "--topic", topic, "--partitions", 3)
            if name == "millrace produce":
                command = [
                    MILLRACE,
                    "--data",
                    WORK / "table",
                    "--bronze",
                    f"kafka://{kafka.address}/{topic}",
                    "produce",
                    "--rate",
                    "max",
                    "--count",
                    events,
                ]
            else:
                command = kafka.java(
                    "org.apache.kafka.tools.ProducerPerformance",
                    "--topic",
                    topic,
                    "--num-records",
                    events,
                    "--throughput",
                    -1,
                    "--payload-file",
                    payloads,
                    "--producer-props",
                    f"bootstrap.servers={kafka.address}",
                    "acks=all",
                    "compression.type=lz4",
                    "batch.size=1000000",
                    "linger.ms=5",
                    "buffer.memory=134217728",
                    heap="1g",
                )
            runs[name].append(with_broker(kafka, lambda _, command=command: timed(command)))
    result = {name: middle(done, events) for name, done in runs.items()}
    print(f"\ninto Kafka, {events:,} events, acks=all, lz4; median of {rounds} runs each, in turn\n")
    for name, run in result.items():
        print(f"{name:26}{run['rows_per_second']:12,.0f}/s{run['us_per_event']:8.2f} µs CPU/event")
    return result


def resident(pid):
    """The peak memory of a process in MiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def idle_memory(kafka, seconds=45):
    """Peak MiB of `millrace silver` with its default trigger, on a topic that gets 5 events/s."""
    address = ["--data", WORK / "idle", "--bronze", f"kafka://{kafka.address}/idle"]
    load = subprocess.Popen([MILLRACE, *address, "produce", "--duration", f"{seconds}s"], stdout=subprocess.DEVNULL)
    time.sleep(1)
    stage = subprocess.Popen([MILLRACE, *address, "silver"], stdout=subprocess.DEVNULL)
    load.wait()
    memory = resident(stage.pid)
    stage.terminate()
    stage.wait()
    print(f"\nmemory at 5 events/s: {memory:.0f} MiB at most in {seconds} s")
    return memory


def live_spark():
    """Spark with short triggers at 1,000 events/s: the delay until a row is committed, and the cost."""
    clear()
    kafka = stack.Kafka(WORK / "kafka", stack.free_port()).start()
    try:
        results = {
            trigger: freshness.measure_spark(kafka, topic=f"live-{trigger}", trigger=trigger) for trigger in ("0", "1")
        }
    finally:
        kafka.stop()
    print("\nSpark Structured Streaming on the same events: the delay until the row is committed, and the cost")
    print("trigger     p50 ms    p99 ms  CPU of a core   MiB  files")
    for trigger, each in results.items():
        print(
            f"{trigger + ' s':>7}  {each['p50_ms']:9.0f} {each['p99_ms']:9.0f}  {each['cpu_percent']:12.0f}%  "
            f"{each['mib']:4.0f}  {each['files']:5}"
        )
    return results


def measure(events, rounds):
    clear()
    produce(WORK / "data", events, "24h")
    kafka = fill(WORK / "data")
    try:
        result = {
            "drain": drain(kafka, events, rounds),
            "produce": producing(kafka, min(events, 2_000_000), rounds),
            "idle_mib": idle_memory(kafka),
        }
        result["freshness"] = freshness.measure(bronze=f"kafka://{kafka.address}/fresh")
        result["freshness_spark"] = freshness.measure_spark(kafka)
    finally:
        kafka.stop()
    for name, label in (("freshness", "Millrace"), ("freshness_spark", "Spark")):
        fresh = result[name]
        print(
            f"freshness from Kafka at 1,000 events/s, trigger 0: {label} "
            f"p50 {fresh['p50_ms']:.0f} ms, p99 {fresh['p99_ms']:.0f} ms"
        )
    return result


if __name__ == "__main__":
    measure(int(os.environ.get("BENCH_EVENTS", 5_000_000)), int(os.environ.get("BENCH_ROUNDS", 3)))
    shutil.rmtree(WORK, ignore_errors=True)
