"""What finding a customer by name reads: the words of all names."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F
from django.db.models.functions import Collate


class NameWord(models.Model):
    """A word of some customer's folded name; kept by triggers on the customers' table.

    ``near`` is the word, and the word without one letter (of long words: without two): words within a
    typing error or two have one of them in common.
    Source: symmetric delete spelling correction, W. Garbe (SymSpell), 2012.
    """

    word = models.CharField(max_length=200, primary_key=True)
    near = ArrayField(models.TextField(), editable=False)

    class Meta:
        indexes = [
            models.Index(Collate("word", "C"), name="profiles_nameword_starts"),
            GinIndex(OpClass(F("near"), name="array_ops"), name="profiles_nameword_near"),
        ]

    def __str__(self) -> str:
        return f"word of {len(self.word)} letters"
