"""The trained painter: a small diffusion model on onnxruntime."""

from limner.engines.mini.engine import Mini

__all__ = ["Mini"]
