"""The built-in painter."""

from limner.engines.painter.engine import Painter

__all__ = ["Painter"]
