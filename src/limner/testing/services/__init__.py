"""Stand-ins for the services that Limner's engines paint at: HTTP on a real socket, a ledger, misdeeds on request."""

from limner.testing.services.deepai import DeepAIService
from limner.testing.services.fal import FalService
from limner.testing.services.openai import OpenAIService
from limner.testing.services.replicate import ReplicateService

__all__ = ["DeepAIService", "FalService", "OpenAIService", "ReplicateService"]
