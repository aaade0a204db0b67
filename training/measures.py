"""What pictures are measured by."""

from __future__ import annotations

import numpy as np
import torch

Histogram = dict[str, float]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Decibels between pictures with values from -1 to 1."""
    return float(10 * np.log10(4 / max(float(np.mean((one - other) ** 2)), 1e-12)))


def frechet(one: torch.Tensor, other: torch.Tensor) -> float:
    """Between two clouds of features, each taken for a normal distribution."""
    one, other = one.double(), other.double()
    first, second = torch.cov(one.T), torch.cov(other.T)
    # The root of a product has the roots of the product's eigenvalues, which are real and not negative.
    shared = torch.linalg.eigvals(first @ second).real.clamp(min=0).sqrt().sum()
    apart = ((one.mean(0) - other.mean(0)) ** 2).sum()
    return float(apart + first.trace() + second.trace() - 2 * shared)


def accuracy(scores: torch.Tensor, right: torch.Tensor, most: int) -> float:
    """How often the right one is among the `most` best, in per cent."""
    best = scores.topk(most, dim=1).indices
    return float((best == right[:, None]).any(1).double().mean() * 100)


def recalled(fits: torch.Tensor) -> float:
    """How often the picture's own prompt fits it best, in per cent."""
    return accuracy(fits, torch.arange(len(fits)), 1)


def nearest(found: torch.Tensor, known: torch.Tensor) -> Histogram:
    """Deciles of the distance from each to its nearest neighbour among the known."""
    found, known = found.flatten(1), known.flatten(1)
    distances = torch.cat([torch.cdist(part, known).amin(1) for part in found.split(64)]) / known.shape[1] ** 0.5
    shares = torch.linspace(0, 1, 11)
    return {
        f"{share:.0%}": round(float(value), 4)
        for share, value in zip(shares.tolist(), distances.quantile(shares), strict=True)
    }
