"""The whole surface on one screen."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from api import views

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
for name, viewset in views.RESOURCES.items():
    router.register(name, viewset, basename=name)

urlpatterns = [
    path("", views.IndexView.as_view()),
    path("api/v1", views.IndexView.as_view()),
    path("api/v1/", include(router.urls)),
    path("api/v1/release", views.ReleaseView.as_view()),
    path("api/v1/codebook", views.CodebookView.as_view()),
    path("api/schema", views.SchemaView.as_view()),
    path("docs", views.page("api/docs.html")),
    path("redoc", views.page("api/redoc.html")),
    path("problems", views.ProblemsView.as_view()),
    path("problems/<str:name>", views.ProblemsView.as_view()),
    path("healthz", views.HealthView.as_view()),
    path("readyz", views.ReadyView.as_view()),
]
handler400 = "api.problems.bad_request"
handler404 = "api.problems.not_found"
handler500 = "api.problems.server_error"
