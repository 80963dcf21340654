"""How MLflow behaves unless the user says otherwise: it sends nothing, waits briefly, and looks into no folder."""

import logging
import os

# By itself MLflow tries for four minutes to reach a server that is away, and copies files of a uv project that lies
# where the command was started.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_UV_AUTO_DETECT": "false",
}


def set_environment() -> None:
    """Set what the user has not set; before MLflow is imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # or it tells of every try
