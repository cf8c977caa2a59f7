"""The addresses of the baseline."""

from rest_framework.routers import DefaultRouter

from bench.baseline.views import StatementViewSet

router = DefaultRouter()
router.register("statements", StatementViewSet)
urlpatterns = router.urls
