"""Weights of Limner's trained painter: data only. The engine `mini` of Limner reads them."""
