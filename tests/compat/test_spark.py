"""Spark with Delta reads the tables, and may optimize them while Millrace uses them."""

import pytest

from tests.support import oracle
from tests.support.events import line
from tests.support.paths import ROOT
from tests.support.spark_session import session_of

pytestmark = pytest.mark.long
pyspark = pytest.importorskip("pyspark")


@pytest.fixture(scope="module")
def spark():
    jars = ",".join(str(p) for p in (ROOT / "build/jars/delta").glob("delta-*.jar"))
    builder = (
        pyspark.sql.SparkSession.builder.master("local[2]")
        .config("spark.jars", jars)
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
    )
    with session_of(builder) as session:
        yield session


def by_spark(spark, shop, table="silver"):
    return spark.read.format("delta").load(str(shop.data / table)).orderBy("event_id").toArrow()


def assert_same(a, b):
    assert a.column_names == b.column_names
    for name in a.column_names:
        assert a.column(name).to_pylist() == b.column(name).to_pylist(), name


def by_delta_rs(shop):
    rows = oracle.silver(shop.data)[1].sort_by("event_id")
    return rows.select([f.name for f in rows.schema])


def test_spark_reads_the_same_rows_before_and_after_upkeep(spark, shop):
    for _ in range(4):
        shop.run(
            "produce", "--rate", "max", "--count", "2000", "--span", "40h", "--duplicates", "1%", "--invalid", "1%"
        )
        shop.drain()
    rows = by_spark(spark, shop)
    assert rows.num_rows == shop.count("silver")
    expected = by_delta_rs(shop)
    assert_same(rows.select(expected.column_names), expected)
    shop.run("optimize")
    shop.run("vacuum", "--retention", "0")
    assert_same(by_spark(spark, shop).select(expected.column_names), expected)
    for i in range(12):  # over a checkpoint
        shop.write(line(i))
        shop.drain()
    assert list((shop.data / "silver" / "_delta_log").glob("*.checkpoint.parquet"))
    assert by_spark(spark, shop).num_rows == rows.num_rows + 12
    quarantine = spark.read.format("delta").load(str(shop.data / "quarantine"))
    assert quarantine.count() == shop.count("quarantine")


def test_an_optimize_by_spark_in_between_is_understood(spark, shop):
    for i in range(15):
        shop.write(*[line(n) for n in range(i * 10, i * 10 + 10)])
        shop.drain()
    spark.sql(f"OPTIMIZE delta.`{shop.data}/silver`")
    shop.verify()
    shop.write(line(1), line(1000))
    shop.drain()
    shop.verify()
    assert by_spark(spark, shop).num_rows == 151
    shop.run("optimize")  # joins a file of Spark's, whose timestamps are INT96, with Millrace's files
    shop.verify()
    assert_same(by_spark(spark, shop).select(by_delta_rs(shop).column_names), by_delta_rs(shop))


def test_a_feature_that_spark_adds_is_refused_by_name(spark, shop):
    shop.write(line(1))
    shop.drain()
    spark.sql(f"ALTER TABLE delta.`{shop.data}/silver` SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)")
    shop.write(line(2))
    shop.run("silver", "--available-now", code=3)
    assert "deletionVectors" in shop.stderr
