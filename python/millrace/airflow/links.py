"""A link from a task to the dashboard's page for the days that the task is about."""

from airflow.sdk import BaseOperatorLink


class DashboardLink(BaseOperatorLink):
    """The address that the task has found when it ran; empty without a dashboard."""

    name = "Millrace dashboard"

    def get_link(self, operator, *, ti_key):
        return getattr(operator, "dashboard_url", "")
