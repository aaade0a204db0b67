"""The contract's sentences on every hosted engine, each against its service's stand-in."""

import functools

import pytest

from limner.engines.deepai import DeepAI
from limner.engines.fal import Fal
from limner.engines.openai import OpenAI
from limner.engines.openai_compatible import OpenAICompatible
from limner.engines.replicate import Replicate
from limner.testing import EngineSuite
from limner.testing.services import DeepAIService, FalService, OpenAIService, ReplicateService

FIELDS = ("seed", "width", "height", "negative_prompt", "steps", "guidance")


class HostedSuite(EngineSuite):
    @pytest.fixture(autouse=True)
    def service(self):
        with self.Service() as service:
            yield service


class TestDeepAI(HostedSuite):
    Service = DeepAIService

    @pytest.fixture
    def engine(self, service):
        return DeepAI(key=service.key, base_url=service.url, cost=0.04)


class TestOpenAI(HostedSuite):
    Service = OpenAIService

    @pytest.fixture
    def engine(self, service):
        return OpenAI(key=service.key, base_url=service.api_url, cost=0.04, models=["gpt-image-1"])


class TestDallE3(HostedSuite):
    Service = OpenAIService

    @pytest.fixture
    def engine(self, service):
        return OpenAI(key=service.key, base_url=service.api_url, cost=0.04, models=["dall-e-3"])


class TestOpenAICompatible(HostedSuite):
    Service = functools.partial(OpenAIService, by_address=True)

    @pytest.fixture
    def engine(self, service):
        return OpenAICompatible(key=service.key, base_url=service.api_url, cost=0.04, models=["flux"], takes=["seed"])


class TestReplicate(HostedSuite):
    Service = ReplicateService

    @pytest.fixture
    def engine(self, service):
        return Replicate(key=service.key, base_url=service.url, cost=0.04, models=["someone/flux"], takes=FIELDS)


class TestFal(HostedSuite):
    Service = FalService

    @pytest.fixture
    def engine(self, service):
        return Fal(key=service.key, base_url=service.url, cost=0.04, models=["someone/flux/dev"], takes=FIELDS[:1])
