"""Waits for tables in Airflow's triggerer."""

import asyncio
import json
import os

from airflow.triggers.base import BaseTrigger, TriggerEvent

LONGEST = 600  # seconds that one look at the tables may take


class MillraceFreshnessTrigger(BaseTrigger):
    """Runs `millrace freshness` until the layer has come far enough, or the command fails."""

    def __init__(self, command, environment, poke_interval):
        super().__init__()
        self.command = command
        self.environment = environment
        self.poke_interval = poke_interval

    def serialize(self):
        arguments = {
            "command": self.command,
            "environment": self.environment,
            "poke_interval": self.poke_interval,
        }
        return "millrace.airflow.triggers.MillraceFreshnessTrigger", arguments

    async def run(self):
        while True:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **self.environment},
            )
            try:
                output, errors = await asyncio.wait_for(process.communicate(), LONGEST)
            finally:  # the trigger may be cancelled
                if process.returncode is None:
                    process.kill()
            if process.returncode == 0:
                yield TriggerEvent({"report": json.loads(output)})
                return
            if process.returncode != 1:
                yield TriggerEvent({"error": errors.decode(errors="replace").strip()})
                return
            self.log.info("not yet: %s", json.loads(output)["missing"])
            await asyncio.sleep(self.poke_interval)
