"""Waits until a table of Millrace has come far enough."""

from datetime import timedelta

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from millrace.airflow.hooks import DEFAULT_CONNECTION, VARIABLES, MillraceHook
from millrace.airflow.triggers import MillraceFreshnessTrigger


class MillraceFreshnessSensor(BaseSensorOperator):
    """Waits until silver or Gold has all events up to a time, by default the end of the data interval.

    layer: silver or gold. until: a time such as 2024-06-01T12:00:00Z. day: a day such as 2024-06-01 instead of a time,
    in the shop's time zone; of Gold, its corrections and sessions are expected as well. deferrable: wait in the
    triggerer, without a slot of a worker. The sensor runs `millrace freshness`, which reads the tables: no server needs
    to run.
    """

    template_fields = ("until", "day")
    ui_color = "#e3f1fb"

    def __init__(
        self,
        *,
        layer="silver",
        until=None,
        day=None,
        millrace_conn_id=DEFAULT_CONNECTION,
        deferrable=False,
        poke_interval=60,
        **kwargs,
    ):
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.layer = layer
        self.until = until
        self.day = day
        self.millrace_conn_id = millrace_conn_id
        self.deferrable = deferrable

    def _arguments(self, context):
        if self.day:
            goal = ["--day", self.day]
        elif until := self.until or context.get("data_interval_end"):
            goal = ["--until", until if isinstance(until, str) else until.isoformat()]
        else:
            raise AirflowFailException("the run has no data interval: give the sensor until or day")
        return ["freshness", "--layer", self.layer, *goal]

    def poke(self, context):
        code, report = MillraceHook(self.millrace_conn_id).run(*self._arguments(context), codes=(0, 1))
        if code != 0:
            self.log.info("not yet: %s", report["missing"])
        return PokeReturnValue(is_done=code == 0, xcom_value=report)

    def execute(self, context):
        if not self.deferrable:
            return super().execute(context)
        reached = self.poke(context)
        if reached.is_done:
            return reached.xcom_value
        hook = MillraceHook(self.millrace_conn_id)
        variables = hook.environment()
        self.defer(
            trigger=MillraceFreshnessTrigger(
                hook.command(*self._arguments(context), "--json"),
                {name: variables[name] for name in VARIABLES.values() if name in variables},
                self.poke_interval,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def execute_complete(self, context, event):
        """Ends the task with what the trigger has found."""
        if "error" in event:
            raise AirflowException(event["error"])
        return event["report"]
