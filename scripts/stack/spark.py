"""A standalone cluster of Apache Spark, from the jars of the Python package."""

import json
import os
import urllib.request

from scripts.stack.service import ROOT, SHORT_LIVED, Service, StackError, port_is_free


def spark_home():
    """The folder of pyspark, which has all of Spark's jars and scripts."""
    folders = sorted((ROOT / "build" / "venv" / "lib").glob("python3*/site-packages/pyspark"))
    if not folders:
        raise StackError("Spark is missing; install it with: MILLRACE_SETUP=stack scripts/setup.sh")
    return folders[-1]


class SparkDaemon(Service):
    """A daemon of the cluster. Its port is that of its page."""

    main = ""
    path = "/"
    options = ()

    def prepare(self):
        spark_home()
        while not port_is_free(self.port):
            self.port += 1

    def arguments(self):
        return []

    def command(self):
        return [
            "env",
            "SPARK_LOCAL_IP=127.0.0.1",
            f"SPARK_HOME={spark_home()}",
            "SPARK_SCALA_VERSION=2.13",
            "java",
            "-Xmx256m",
            *SHORT_LIVED,
            f"-Dmillrace.folder={self.folder}",  # by which pid() knows the process
            *self.options,
            "-cp",
            f"{spark_home()}/jars/*",
            self.main,
            *map(str, self.arguments()),
        ]

    def get(self, path):
        """What the daemon answers, or None while it does not."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.read()
        except OSError:
            return None

    def healthy(self):
        return self.get(self.path) is not None


class SparkMaster(SparkDaemon):
    """The master of a cluster, at spark://127.0.0.1:7077 by default."""

    name = "spark-master"
    main = "org.apache.spark.deploy.master.Master"
    path = "/json/"

    def __init__(self, folder, rpc_port=7077, port=8080):
        super().__init__(folder, port)
        self.rpc_port = rpc_port

    @property
    def url(self):
        return f"spark://127.0.0.1:{self.rpc_port}"

    def prepare(self):
        super().prepare()
        if not port_is_free(self.rpc_port):
            raise StackError(f"port {self.rpc_port} is taken by another program; stop it, or set SPARK_MASTER_PORT")

    def arguments(self):
        return ["--host", "127.0.0.1", "--port", self.rpc_port, "--webui-port", self.port]

    def state(self):
        """Workers, cores and applications, as the master's page has them."""
        return json.loads(self.get("/json/") or '{"workers": [], "activeapps": []}')


class SparkWorker(SparkDaemon):
    """A worker, which starts executors. It forgets the folders of ended applications after a day."""

    name = "spark-worker"
    main = "org.apache.spark.deploy.worker.Worker"
    path = "/json/"
    options = ("-Dspark.worker.cleanup.enabled=true", "-Dspark.worker.cleanup.appDataTtl=86400")

    def __init__(self, folder, master, port=8081, cores=2, memory="2g"):
        super().__init__(folder, port)
        self.master = master
        self.cores = cores
        self.memory = memory

    def arguments(self):
        size = ["--cores", self.cores, "--memory", self.memory]
        place = ["--host", "127.0.0.1", "--webui-port", self.port, "--work-dir", self.folder / "work"]
        return [*size, *place, self.master.url]

    def healthy(self):
        """Whether the master knows it."""
        state = self.get("/json/")
        return state is not None and any(
            worker["state"] == "ALIVE" and worker["webuiaddress"].endswith(f":{self.port}")
            for worker in self.master.state()["workers"]
        )


class SparkHistory(SparkDaemon):
    """The history server, which shows the pages of applications that have ended."""

    name = "spark-history"
    main = "org.apache.spark.deploy.history.HistoryServer"

    def __init__(self, folder, port=18080):
        super().__init__(folder, port)

    @property
    def events(self):
        """The folder that applications write their events to (spark.eventLog.dir)."""
        return self.folder / "events"

    def conf(self):
        """The options of spark-submit by which an application writes its events there."""
        return ["--conf", "spark.eventLog.enabled=true", "--conf", f"spark.eventLog.dir={self.events.as_uri()}"]

    def prepare(self):
        super().prepare()
        self.events.mkdir(exist_ok=True)
        self.options = (
            f"-Dspark.history.fs.logDirectory={self.events.as_uri()}",
            "-Dspark.history.fs.update.interval=2s",
            f"-Dspark.history.ui.port={self.port}",
        )


def submit(*arguments, environment=None):
    """The command line and the environment of spark-submit."""
    home = spark_home()
    python = ROOT / "build" / "venv" / "bin" / "python"
    variables = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(python),
        "PYSPARK_DRIVER_PYTHON": str(python),
        **(environment or {}),
    }
    return [str(home / "bin" / "spark-submit"), *map(str, arguments)], variables
