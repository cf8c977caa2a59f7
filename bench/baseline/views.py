"""Statements with their passages nested, filtered and paged by the libraries' own means."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from policy.models import Passage, Statement


class EvidenceSerializer(serializers.ModelSerializer[Passage]):
    """A passage with the place of its sentence."""

    paragraph = serializers.IntegerField(source="sentence.paragraph")
    sentence = serializers.IntegerField(source="sentence.number")
    text = serializers.CharField(allow_null=True)

    class Meta:
        model = Passage
        fields = (
            "id", "source", "paragraph", "sentence", "start", "end", "quote", "sha256", "text",
        )  # fmt: skip


class StatementSerializer(serializers.ModelSerializer[Statement]):
    """A statement with the keys of our own API."""

    evidence = EvidenceSerializer(many=True)

    class Meta:
        model = Statement
        fields = (
            "id", "summary", "kind", "topic", "speaker", "attributed_country", "narrator",
            "attribution_support", "about", "issues", "medium", "quotation", "verbatim",
            "time_text", "time_earliest", "time_latest", "time_precision", "time_year_inferred",
            "support", "note", "evidence",
        )  # fmt: skip


class StatementFilter(django_filters.FilterSet):
    """The questions that the measurements ask."""

    q = django_filters.CharFilter(field_name="summary", lookup_expr="icontains")
    country = django_filters.CharFilter(method="concerning")

    class Meta:
        model = Statement
        fields = ("topic", "kind", "speaker")

    def concerning(self, statements: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Narrow to what a country's officials said, or what is attributed to it or about it."""
        return statements.filter(
            Q(about=value) | Q(attributed_country=value) | Q(speaker__country=value)
        ).distinct()


class StatementViewSet(ReadOnlyModelViewSet[Statement]):
    """What somebody said, wrote or signalled."""

    queryset = Statement.objects.prefetch_related(
        "about", "issues", "evidence__sentence", "evidence__attached"
    )
    serializer_class = StatementSerializer
    filterset_class = StatementFilter
