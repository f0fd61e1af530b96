"""``LogEntry``: who added, changed or deleted which object."""

import json

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ADDITION = 1
CHANGE = 2
DELETION = 3

ACTION_FLAG_CHOICES = [
    (ADDITION, _("Addition")),
    (CHANGE, _("Change")),
    (DELETION, _("Deletion")),
]


class LogEntryManager(models.Manager):
    use_in_migrations = True

    def log_actions(self, user_id, queryset, action_flag, change_message="", *, single_object=False):
        text = json.dumps(change_message) if isinstance(change_message, list) else change_message
        entries = [self._entry(user_id, obj, action_flag, text) for obj in queryset]
        if len(entries) == 1:
            entries[0].save()
            return entries[0] if single_object else entries
        return self.model.objects.bulk_create(entries)

    def _entry(self, user_id, obj, action_flag, change_message):
        types = ContentType.objects.db_manager(self.db)
        return self.model(
            user_id=user_id,
            content_type_id=types.get_for_model(obj, for_concrete_model=False).pk,
            object_id=obj.pk,
            object_repr=str(obj)[:200],
            action_flag=action_flag,
            change_message=change_message,
        )


class LogEntry(models.Model):
    action_time = models.DateTimeField(_("action time"), default=timezone.now, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"))
    content_type = models.ForeignKey(
        ContentType, models.SET_NULL, verbose_name=_("content type"), blank=True, null=True
    )
    object_id = models.TextField(_("object id"), blank=True, null=True)
    object_repr = models.CharField(_("object repr"), max_length=200)
    action_flag = models.PositiveSmallIntegerField(_("action flag"), choices=ACTION_FLAG_CHOICES)
    change_message = models.TextField(_("change message"), blank=True)

    objects = LogEntryManager()

    class Meta:
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")
        db_table = "django_admin_log"
        ordering = ["-action_time"]

    def __repr__(self):
        return str(self.action_time)

    def __str__(self):
        if self.is_addition():
            return f"Added “{self.object_repr}”."
        if self.is_change():
            return f"Changed “{self.object_repr}” — {self.get_change_message()}"
        if self.is_deletion():
            return f"Deleted “{self.object_repr}.”"
        return "LogEntry Object"

    def is_addition(self):
        return self.action_flag == ADDITION

    def is_change(self):
        return self.action_flag == CHANGE

    def is_deletion(self):
        return self.action_flag == DELETION

    def get_change_message(self):
        if not self.change_message.startswith("["):
            return self.change_message
        try:
            changes = json.loads(self.change_message)
        except json.JSONDecodeError:
            return self.change_message
        said = [_said(kind, what) for change in changes for kind, what in change.items()]
        return " ".join(said) or "No fields changed."

    def get_edited_object(self):
        return self.content_type.get_object_for_this_type(pk=self.object_id)

    def get_admin_url(self):
        raise NotImplementedError("the URLs of the admin")


_WORDS = {"added": "Added", "changed": "Changed", "deleted": "Deleted"}


def _said(kind, what):
    """One change in words: ``Changed Title and Body for book “Emma”.``"""
    words = [_WORDS[kind]]
    fields = what.get("fields")
    if fields:
        words.append(" and ".join(filter(None, [", ".join(fields[:-1]), fields[-1]])))
    if "name" in what:
        named = f"{what['name']} “{what['object']}”"
        words.append(f"for {named}" if kind == "changed" else named)
    return " ".join(words) + "."
