"""Records as GeoJSON (RFC 7946) at representative points."""

from typing import Any, ClassVar

from rest_framework.renderers import JSONRenderer

from api.shaping import JsonObject


class GeoJson(JSONRenderer):
    """GeoJSON (RFC 7946): a FeatureCollection of a page, or for one record a Feature.

    The page's release, count and links stand beside its features; the record is in properties.
    """

    media_type = "application/geo+json"
    format = "geojson"
    schema: ClassVar = {
        "type": "object",
        "required": ["type"],
        "additionalProperties": True,
        "properties": {
            "type": {
                "type": "string",
                "enum": ["FeatureCollection", "Feature"],
                "description": "Kind of GeoJSON object.",
            }
        },
    }


def feature(record: JsonObject, kind: str, coordinates: list[Any]) -> JsonObject:
    """Return a record as a feature with a geometry of this kind; null without coordinates."""
    geometry = {"type": kind, "coordinates": coordinates} if coordinates else None
    return {"type": "Feature", "id": record["id"], "geometry": geometry, "properties": record}
