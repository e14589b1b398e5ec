"""The provider for Apache Airflow 3.3: commands of Millrace as tasks, and sensors for how far its tables have come.

docs/airflow.md describes it. The operator, the sensor and the hook work with the program `millrace`, which comes with
this package.
"""

from importlib import metadata as _metadata

__all__ = ["get_provider_info"]


def get_provider_info():
    """What Airflow knows of the provider (the entry point apache_airflow_provider)."""
    try:
        version = _metadata.version("millrace")
    except _metadata.PackageNotFoundError:  # in the build
        version = "0"
    return {
        "package-name": "millrace",
        "name": "Millrace",
        "description": "Clickstream pipeline: log, clean table, metrics.",
        "versions": [version],
        "integrations": [{"integration-name": "Millrace", "tags": ["software"]}],
        "operators": [{"integration-name": "Millrace", "python-modules": ["millrace.airflow.operators"]}],
        "sensors": [{"integration-name": "Millrace", "python-modules": ["millrace.airflow.sensors"]}],
        "hooks": [{"integration-name": "Millrace", "python-modules": ["millrace.airflow.hooks"]}],
        "triggers": [{"integration-name": "Millrace", "python-modules": ["millrace.airflow.triggers"]}],
        "connection-types": [
            {
                "hook-class-name": "millrace.airflow.hooks.MillraceHook",
                "connection-type": "millrace",
                "hook-name": "Millrace",
            }
        ],
        "extra-links": ["millrace.airflow.links.DashboardLink"],
    }
