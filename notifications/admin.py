"""The outbox as the platform's operators see it: states, never what is written nor to which address."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from notifications import kinds
from notifications.models import OutboxMessage
from notifications.services import retry_now

SHOWN = (
    "id",
    "kind",
    "recipient",
    "language",
    "priority",
    "state",
    "attempts",
    "created",
    "due",
    "sent",
    "provider_id",
    "last_error",
)


def _spoken(instant: datetime | None) -> str:
    """Return an instant with its zone, that of the platform; nothing where there is none."""
    if instant is None:
        return ""
    return f"{date_format(timezone.localtime(instant), 'd/m/Y H:i:s')} ({timezone.get_current_timezone_name()})"


class BoundedPaginator(Paginator):
    """Counts no further than somebody will page, so that the list costs the same over millions of messages."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        messages = cast("QuerySet[OutboxMessage]", self.object_list)
        return messages.order_by()[: self.LIMIT].count()


class KindFilter(admin.SimpleListFilter):
    """The kinds that can be sent, as the apps say them: reading them off the messages would read them all."""

    title = _("modèle")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(code, code) for code in kinds.codes()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(OutboxMessage)
class OutboxMessageAdmin(admin.ModelAdmin):
    """Read-only; for superusers only, who read no family's file: neither address nor content is shown."""

    list_display = ["created", "kind", "recipient", "state", "attempts", "due", "sent"]
    list_filter = ["state", KindFilter]
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = SHOWN
    readonly_fields = SHOWN
    actions = ["retry_failed"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters shown: any other condition in the address bar would spell out what is hidden."""
        return lookup.partition("__")[0] in ("state", KindFilter.parameter_name)

    @admin.display(description=_("créé le"), ordering="created_at")
    def created(self, message: OutboxMessage) -> str:
        return _spoken(message.created_at)

    @admin.display(description=_("à envoyer à partir de"), ordering="due_at")
    def due(self, message: OutboxMessage) -> str:
        return _spoken(message.due_at)

    @admin.display(description=_("envoyé le"), ordering="sent_at")
    def sent(self, message: OutboxMessage) -> str:
        return _spoken(message.sent_at)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("context")

    @admin.action(description=_("Réessayer maintenant (échecs seulement)"), permissions=["view"])
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        count = retry_now(messages=queryset, by=request.user, at=timezone.now())
        self.message_user(
            request,
            ngettext("%(count)d courriel va être réessayé.", "%(count)d courriels vont être réessayés.", count)
            % {"count": count},
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions
