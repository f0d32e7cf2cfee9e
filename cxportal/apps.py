"""What brings all apps together, once they are ready."""

from django.apps import AppConfig


class CxportalConfig(AppConfig):
    name = "cxportal"

    def ready(self) -> None:
        # Tasks belong to whichever Celery app is there: without ours, a web process would ring at the
        # library's own idea of a broker.
        from cxportal import celery  # noqa: F401
