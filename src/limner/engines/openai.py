"""OpenAI: what its image models take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from limner.domain.capabilities import Capabilities
from limner.domain.input import IMAGE, MASK, InputLimits
from limner.engines.hosted.price import Cost
from limner.engines.hosted.takes import names_of
from limner.engines.openai_images import OpenAIImages


def _choice(description: str, *names: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(names), "description": description}


def _options(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


GPT_OPTIONS = _options(
    quality=_choice("How much work goes into it.", "auto", "low", "medium", "high"),
    background=_choice("What is behind.", "auto", "transparent", "opaque"),
    moderation=_choice("How strictly prompts are judged; not with pictures to start from.", "auto", "low"),
    input_fidelity=_choice("How closely the pictures it starts from are kept.", "low", "high"),
    output_compression={"type": "integer", "minimum": 0, "maximum": 100, "description": "For JPEG and WebP."},
)
GPT_INPUTS = {
    IMAGE: InputLimits(max_count=16, max_bytes=50_000_000),
    MASK: InputLimits(formats=("png",), max_bytes=4_000_000),
}
DALL_E_INPUTS = {
    IMAGE: InputLimits(formats=("png",), max_bytes=4_000_000),
    MASK: InputLimits(formats=("png",), max_bytes=4_000_000),
}

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "gpt-image-2": {
        "max_width": 3840,
        "max_height": 3840,
        "sizes": (),
        "size_multiple": 16,
        "max_ratio": 3.0,
        "max_pixels": 3840 * 2160,
    },
    "dall-e-3": {
        "max_width": 1792,
        "max_height": 1792,
        "sizes": ((1024, 1024), (1792, 1024), (1024, 1792)),
        "max_prompt": 4000,
        "previews": False,
        "inputs": {},
        "options": _options(
            quality=_choice("How much work goes into it.", "standard", "hd"),
            style=_choice("Its manner.", "vivid", "natural"),
        ),
    },
    "dall-e-2": {
        "max_width": 1024,
        "max_height": 1024,
        "sizes": ((1024, 1024), (512, 512), (256, 256)),
        "max_prompt": 1000,
        "previews": False,
        "inputs": DALL_E_INPUTS,
        "options": _options(),
    },
}

CAPABILITIES = Capabilities(
    models=("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "dall-e-3", "dall-e-2"),
    variants=VARIANTS,
    min_width=256,
    max_width=1536,
    min_height=256,
    max_height=1536,
    sizes=((1024, 1024), (1536, 1024), (1024, 1536)),
    max_count=10,
    max_prompt=32_000,
    seeds=False,
    inputs=GPT_INPUTS,
    transparent_masks=True,
    options=GPT_OPTIONS,
    description="OpenAI's image models, paid for by the picture.",
    examples=("a red fox in snow, watercolour",),
)


class OpenAI(OpenAIImages):
    """`partial_images`: 0 to 3 sketches of a single picture; the service may bill them."""

    service = "OpenAI"
    key_variable = "OPENAI_API_KEY"

    def __init__(
        self,
        *,
        key: str = "",
        models: Sequence[str] = CAPABILITIES.models,
        partial_images: int = 2,
        base_url: str = "https://api.openai.com/v1",
        cost: Cost | None = None,
        timeout: float = 300.0,
        concurrency: int = 50,
    ) -> None:
        if partial_images not in range(4):
            raise ValueError(f"partial_images is {partial_images!r}; it must be a whole number from 0 to 3")
        super().__init__(
            replace(CAPABILITIES, models=names_of(models), previews=partial_images > 0),
            partial_images=partial_images,
            key=key,
            base_url=base_url,
            cost=cost,
            timeout=timeout,
            concurrency=concurrency,
        )
