"""Indexes at once what EventBridge would have had indexed in a moment."""

from functions.core.search.reconciling import Reconciler


class FakeIndexers:
    def __init__(self, reconciler: Reconciler) -> None:
        self.told: list[str] = []
        self._reconciler = reconciler

    def tell(self, owner_id: str, recording_id: str) -> None:
        self.told.append(recording_id)
        self._reconciler.reconcile(owner_id, recording_id)
