"""The trained painter: a small diffusion model. Only `engine` and `model` need onnxruntime."""
