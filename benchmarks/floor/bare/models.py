"""Lists of eleven rows, and mails owed."""

from __future__ import annotations

from django.db import models


class RankedList(models.Model):
    objects: models.Manager[RankedList] = models.Manager()

    title = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.title


class Row(models.Model):
    objects: models.Manager[Row] = models.Manager()

    ranked_list = models.ForeignKey(RankedList, on_delete=models.CASCADE)
    rank = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=200)

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.label


class Mail(models.Model):
    objects: models.Manager[Mail] = models.Manager()

    address = models.EmailField()
    content = models.JSONField()

    def __str__(self) -> str:
        return self.address
