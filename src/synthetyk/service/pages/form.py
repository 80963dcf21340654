"""What the forms of pages send."""

from pydantic import ConfigDict

from synthetyk.core.config import Config


class FormValues(Config):
    """Base of what a form says; fields that are not its own, such as the token, are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")
