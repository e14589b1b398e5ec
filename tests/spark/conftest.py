"""One cluster for all tests of a run."""

import pytest

from scripts.stack import SparkHistory, free_port
from tests.support.paths import ROOT
from tests.support.spark import PACKAGE, QUICK, Cluster
from tests.support.spark_session import session_of


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    pytest.importorskip("pyspark")
    if not (PACKAGE / "millrace").is_dir():
        pytest.skip("the Python package is not built: make wheel")
    python = str(ROOT / "build" / "venv" / "bin" / "python")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
            patch.setenv(name, python)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYTHONPATH", str(PACKAGE))
        patch.syspath_prepend(PACKAGE)
        cluster = Cluster(tmp_path_factory.mktemp("spark")).start()
        yield cluster
        cluster.stop()


@pytest.fixture
def history(cluster, tmp_path):
    """A history server, which shows the applications that write their events to its folder."""
    folder = tmp_path / "history"
    folder.mkdir()
    server = SparkHistory(folder, free_port()).start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def spark(cluster):
    """A session on the cluster."""
    import millrace.spark
    from pyspark.sql import SparkSession

    builder = (
        SparkSession.builder.master(cluster.master.url)
        .config("spark.executor.memory", "512m")
        .config("spark.cores.max", "2")
        .config("spark.executorEnv.PYTHONPATH", str(PACKAGE))
        .config("spark.driver.extraJavaOptions", QUICK)
        .config("spark.executor.extraJavaOptions", QUICK)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
    )
    with session_of(builder) as session:
        millrace.spark.register(session)
        yield session
