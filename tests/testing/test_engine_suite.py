"""The suite on every engine that ships, but the painter (tests/engines/painter)."""

import pytest

from limner.engines.isolated import IsolatedEngine
from limner.testing import EngineSuite, InstantEngine, LedgerEngine, RecordedEngine


class TestInstant(EngineSuite):
    @pytest.fixture
    def engine(self):
        return InstantEngine()


class TestIsolatedInstant(EngineSuite):
    @pytest.fixture
    def engine(self):
        return IsolatedEngine("limner.testing.instant:InstantEngine", {})


class TestSynchronousLedger(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path):
        return LedgerEngine(ledger=str(tmp_path / "ledger.jsonl"), paint_seconds=0.02, poll_seconds=0.01)


class TestAsynchronousLedger(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path):
        ledger = str(tmp_path / "ledger.jsonl")
        return LedgerEngine(
            ledger=ledger, mode="asynchronous", paint_seconds=0.02, poll_seconds=0.01, pictures_per_call=2
        )


class TestIsolatedLedger(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path):
        options = {"ledger": str(tmp_path / "ledger.jsonl"), "mode": "asynchronous", "paint_seconds": 0.02}
        return IsolatedEngine("limner.testing.ledger:LedgerEngine", options)


class TestRecording(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path):
        return RecordedEngine(engine="instant", folder=str(tmp_path / "recorded"), mode="record")
