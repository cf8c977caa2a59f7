"""Every URL of the service."""

from django.conf import settings
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from api.serving.middleware import RECONCILE
from api.views import changes, downloads, reconciliation, relations, service
from api.views.records import RESOURCES

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
for name, viewset in RESOURCES.items():
    router.register(name, viewset, basename=name)

urlpatterns = [
    path("", service.IndexView.as_view()),
    path("api/v1", service.IndexView.as_view()),
    path("api/v1/", include(router.urls)),
    path("api/v1/search", relations.SearchViewSet.as_view({"get": "list"})),
    path("api/v1/releases", changes.PublishedReleaseViewSet.as_view({"get": "list"})),
    path("api/v1/releases.atom", changes.FeedView.as_view()),
    path("api/v1/releases/<str:pk>", changes.PublishedReleaseViewSet.as_view({"get": "retrieve"})),
    path("api/v1/changes", changes.ChangeViewSet.as_view({"get": "list"})),
    path("api/v1/dyads", relations.DyadsView.as_view()),
    path("api/v1/dyads/<str:id>", relations.DyadView.as_view()),
    path("api/v1/sources/<str:id>/coverage", relations.CoverageView.as_view()),
    path(RECONCILE.removeprefix("/"), reconciliation.ReconciliationView.as_view()),
    path("api/v1/release", service.ReleaseView.as_view()),
    path("api/v1/codebook", service.CodebookView.as_view()),
    path("api/v1/terms", service.TermsView.as_view()),
    path("api/schema", service.SchemaView.as_view()),
    path("guide", service.GuideView.as_view()),
    path("docs", service.page("api/docs.html")),
    path("llms.txt", service.page("api/llms.txt", "text/plain; charset=utf-8")),
    path("releases", downloads.ReleaseFilesView.as_view()),
    path("releases/<str:version>", downloads.ReleaseFilesView.as_view()),
    path("releases/<str:version>/<path:name>", downloads.ReleaseFilesView.as_view()),
    path("problems", service.ProblemsView.as_view()),
    path("problems/<str:name>", service.ProblemsView.as_view()),
    path("healthz", service.HealthView.as_view()),
    path("readyz", service.ReadyView.as_view()),
]
if settings.METRICS_DIR:
    from api.serving import metrics

    urlpatterns.append(path("metrics", metrics.page))
handler400 = "api.problems.bad_request"
handler404 = "api.problems.not_found"
handler500 = "api.problems.server_error"
